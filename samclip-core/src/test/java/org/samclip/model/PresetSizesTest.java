package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.nn.Module;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;
import org.samclip.student.Student;
import org.samclip.student.StudentConfig;

/** Names, shapes and counts of the public models; nothing is allocated. */
class PresetSizesTest {

  /** SAM's matrix of random Fourier features is a buffer there, so published counts omit it. */
  private static final long BUFFER = 2 * 128;

  private static final ClipHeadConfig HEAD = new ClipHeadConfig(3, Pool.MAX, 768, 1);

  private static Map<String, long[]> shapes(Module module) {
    Map<String, long[]> shapes = new TreeMap<>();
    for (Pair<String, Parameter> pair : module.getParameters()) {
      assertFalse(pair.getValue().isInitialized(), pair.getKey());
      shapes.put(pair.getKey(), pair.getValue().getShape().getShape());
    }
    return shapes;
  }

  private static long count(Module module, String prefix) {
    return shapes(module).entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(prefix))
        .mapToLong(entry -> java.util.Arrays.stream(entry.getValue()).reduce(1, (a, b) -> a * b))
        .sum();
  }

  private static StudentConfig config(Preset preset) {
    return SamClipPair.config(preset.encoder(), preset.samHead(), HEAD);
  }

  /** Published: segment-anything's three models; the encoder and head of the paper's base. */
  @ParameterizedTest
  @CsvSource({
    "VIT_B, 89670912, 93735472",
    "VIT_L, 308278272, 312342832",
    "VIT_H, 637026048, 641090608"
  })
  void countsOfSam(Preset preset, long encoder, long sam) {
    Student model = new Student(config(preset));
    assertEquals(encoder, count(model, "image_encoder."));
    assertEquals(sam + BUFFER, count(model, "") - count(model, "clip_head."));
  }

  @Test
  void countOfThePapersHead() {
    Student model = new Student(config(Preset.VIT_B));
    assertEquals(23_085_696, count(model, "clip_head."));
    assertEquals(
        model.head(SamClipPair.CLIP_HEAD).module().parameterCount(), count(model, "clip_head."));
    double share = 100. * count(model, "clip_head.") / count(model, "image_encoder.");
    assertEquals(25.7, share, .05);
  }

  private static void both(List<String> names, String layer) {
    names.add(layer + ".weight");
    names.add(layer + ".bias");
  }

  private static void block(List<String> names, String prefix) {
    for (String layer :
        List.of("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.lin1", "mlp.lin2")) {
      both(names, prefix + layer);
    }
    names.add(prefix + "attn.rel_pos_h");
    names.add(prefix + "attn.rel_pos_w");
  }

  private static void attention(List<String> names, String prefix) {
    for (String layer : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
      both(names, prefix + "." + layer);
    }
  }

  /** The keys of the official checkpoints, such as sam_vit_b_01ec64.pth. */
  private static List<String> officialSam(int depth) {
    List<String> names = new ArrayList<>();
    names.add("image_encoder.pos_embed");
    both(names, "image_encoder.patch_embed.proj");
    for (int i = 0; i < depth; i++) {
      block(names, "image_encoder.blocks." + i + ".");
    }
    names.add("image_encoder.neck.0.weight");
    both(names, "image_encoder.neck.1");
    names.add("image_encoder.neck.2.weight");
    both(names, "image_encoder.neck.3");
    names.add("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix");
    for (int i = 0; i < 4; i++) {
      names.add("prompt_encoder.point_embeddings." + i + ".weight");
    }
    names.add("prompt_encoder.not_a_point_embed.weight");
    names.add("prompt_encoder.no_mask_embed.weight");
    for (int i : new int[] {0, 1, 3, 4, 6}) {
      both(names, "prompt_encoder.mask_downscaling." + i);
    }
    for (int i = 0; i < 2; i++) {
      String layer = "mask_decoder.transformer.layers." + i + ".";
      attention(names, layer + "self_attn");
      attention(names, layer + "cross_attn_token_to_image");
      attention(names, layer + "cross_attn_image_to_token");
      for (String part : List.of("norm1", "norm2", "norm3", "norm4", "mlp.lin1", "mlp.lin2")) {
        both(names, layer + part);
      }
    }
    attention(names, "mask_decoder.transformer.final_attn_token_to_image");
    both(names, "mask_decoder.transformer.norm_final_attn");
    names.add("mask_decoder.iou_token.weight");
    names.add("mask_decoder.mask_tokens.weight");
    for (int i : new int[] {0, 1, 3}) {
      both(names, "mask_decoder.output_upscaling." + i);
    }
    for (int layer = 0; layer < 3; layer++) {
      both(names, "mask_decoder.iou_prediction_head.layers." + layer);
      for (int i = 0; i < 4; i++) {
        both(names, "mask_decoder.output_hypernetworks_mlps." + i + ".layers." + layer);
      }
    }
    return names;
  }

  @ParameterizedTest
  @EnumSource(Preset.class)
  void namesAreTheOfficialOnes(Preset preset) {
    Student model = new Student(config(preset));
    List<String> names = officialSam(preset.encoder().depth());
    if (preset == Preset.VIT_B) {
      assertEquals(314, names.size()); // of the official file
    }
    for (int i = 0; i < HEAD.layers(); i++) {
      block(names, "clip_head.blocks." + i + ".");
    }
    both(names, "clip_head.norm");
    for (int i = 0; i < 3; i++) {
      both(names, "clip_head.mlp.layers." + i);
    }
    assertEquals(new TreeSet<>(names), new TreeSet<>(shapes(model).keySet()));
  }

  /** Sizes that a wrong preset would get wrong, from sam_vit_b_01ec64.pth. */
  @ParameterizedTest
  @CsvSource({
    "image_encoder.pos_embed, 1x64x64x768",
    "image_encoder.blocks.0.attn.rel_pos_h, 27x64",
    "image_encoder.blocks.2.attn.rel_pos_w, 127x64",
    "image_encoder.neck.2.weight, 256x256x3x3",
    "prompt_encoder.mask_downscaling.3.weight, 16x4x2x2",
    "mask_decoder.transformer.layers.1.cross_attn_token_to_image.q_proj.weight, 128x256",
    "mask_decoder.transformer.layers.1.self_attn.q_proj.weight, 256x256",
    "mask_decoder.transformer.layers.0.mlp.lin1.weight, 2048x256",
    "mask_decoder.output_upscaling.0.weight, 256x64x2x2",
    "mask_decoder.output_hypernetworks_mlps.3.layers.2.weight, 32x256",
    "mask_decoder.iou_prediction_head.layers.2.weight, 4x256"
  })
  void shapesOfTheBase(String name, String shape) {
    long[] got = shapes(new Student(config(Preset.VIT_B))).get(name);
    assertEquals(
        shape, String.join("x", java.util.Arrays.stream(got).mapToObj(Long::toString).toList()));
  }

  /** Published: OpenAI's and OpenCLIP's ViT-B/32 and ViT-L/14. */
  @ParameterizedTest
  @CsvSource({
    "512, 32, 768, 12, 12, 512, 8, 151277313",
    "768, 14, 1024, 24, 16, 768, 12, 427616513"
  })
  void countsOfClip(
      int embed,
      int patch,
      int width,
      int layers,
      int heads,
      int textWidth,
      int textHeads,
      long expected) {
    Clip clip =
        new Clip(
            new ClipConfig(
                embed,
                false,
                new ClipConfig.Vision(224, patch, width, layers, heads, 4),
                new ClipConfig.Text(77, 49408, textWidth, textHeads, 12, 4)));
    assertEquals(expected, count(clip, ""));
  }
}
