package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.clip.ClipConfig;
import org.samclip.sam.SamHeadConfig;
import org.samclip.student.ClipHead;
import org.samclip.student.ClipHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/** Operations counted by hand for small sizes, and by torch for large ones. */
class ArithmeticTest {

  /** Patch 8, width 16, two heads, MLP twice as wide, windows of 3; the second block is global. */
  private static final ViTDetConfig ENCODER = new ViTDetConfig(8, 4, 16, 2, 2, 2, 3, List.of(1), 8);

  private static final SamHeadConfig SAM_HEAD = new SamHeadConfig(8, 2, 2, 16, 4, 3, 3, 8);

  /** At 32 px a grid of 4 x 4 tokens, of which windows of 3 make 6 x 6. */
  @Test
  void encoderOfTwoBlocks() {
    double patches = 2 * 16 * 192 * 16;
    double windowed =
        2 * 36 * 16 * 48 // query, key, value
            + 2 * 2 * 36 * 9 * 16 // each token with the 9 of its window, twice
            + 2 * 36 * 16 * (3 + 3) // relative positions of rows and columns
            + 2 * 36 * 16 * 16 // projection
            + 2 * 2 * 16 * 16 * 32; // MLP, without the padding
    double global =
        2 * 16 * 16 * 48
            + 2 * 2 * 16 * 16 * 16
            + 2 * 16 * 16 * (4 + 4)
            + 2 * 16 * 16 * 16
            + 2 * 2 * 16 * 16 * 32;
    double neck = 2 * 16 * 16 * 8 + 2 * 16 * 72 * 8;
    assertEquals(patches, Arithmetic.patches(ENCODER, 32));
    assertEquals(patches + windowed + global, Arithmetic.backbone(ENCODER, 32));
    assertEquals(patches + windowed + global + neck, Arithmetic.encoder(ENCODER, 32));
  }

  /** At 24 px a grid of 3 x 3: one window, no padding. */
  @Test
  void clipHeadOfOneBlock() {
    ClipHeadConfig head = new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, 6, 1);
    double block =
        2 * 9 * 16 * 48
            + 2 * 2 * 9 * 9 * 16
            + 2 * 9 * 16 * (3 + 3)
            + 2 * 9 * 16 * 16
            + 2 * 2 * 9 * 16 * 32;
    double mlp = 2 * 16 * 16 + 2 * 16 * 16 + 2 * 16 * 6;
    assertEquals(block + mlp, new ClipHead(head, ENCODER).operations(24));
  }

  /** A grid of 4 x 4; 7 tokens: IoU, four masks, two points. */
  @Test
  void maskDecoderOfTwoBlocks() {
    double self = 4 * 2 * 7 * 8 * 8 + 2 * 2 * 7 * 7 * 8;
    double tokensToImage = 2 * 2 * 7 * 8 * 4 + 2 * 2 * 16 * 8 * 4 + 2 * 2 * 7 * 16 * 4;
    double mlp = 2 * 2 * 7 * 8 * 16;
    double imageToTokens = 2 * 2 * 16 * 8 * 4 + 2 * 2 * 7 * 8 * 4 + 2 * 2 * 16 * 7 * 4;
    double upscaling = 2 * 16 * 8 * 2 * 4 + 2 * 64 * 2 * 1 * 4;
    double filters = 4 * (2 * 8 * 8 + 2 * 8 * 8 + 2 * 8 * 1) + 2 * 256 * 1 * 4;
    double iou = 2 * 8 * 8 + 2 * 8 * 8 + 2 * 8 * 4;
    double expected =
        2 * (self + tokensToImage + mlp + imageToTokens)
            + tokensToImage
            + upscaling
            + filters
            + iou;
    assertEquals(expected, Arithmetic.maskDecoder(SAM_HEAD, 4));
  }

  /**
   * What {@code torch.utils.flop_counter} counts in open_clip's ViT-L-14 and in transformers' SAM
   * ViT-B at 1024 px, the decoder for 32 prompts of two points.
   */
  @Test
  void publishedSizesAsTorchCountsThem() {
    ClipConfig large =
        new ClipConfig(
            768,
            false,
            new ClipConfig.Vision(224, 14, 1024, 24, 16, 4),
            new ClipConfig.Text(77, 49408, 768, 12, 12, 4));
    assertEquals(162_025_537_536., Arithmetic.imageTower(large));
    assertEquals(972_077_334_528., Arithmetic.encoder(Preset.VIT_B.encoder(), 1024));
    assertEquals(115_923_353_600., 32 * Arithmetic.maskDecoder(Preset.VIT_B.samHead(), 64));
  }
}
