package org.samclip.model;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.samclip.checkpoint.TensorShapes;
import org.samclip.checkpoint.TensorSource;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * A SAM's sizes from the shapes of its tensors. Relative position tables tell a head's width by
 * their columns, and by their length whether a block attends globally (2 G - 1 rows, G the side of
 * the position grid) or in windows (2 W - 1 rows). The mask decoder's number of heads leaves no
 * trace in shapes; every published one has 256 channels and 8 heads.
 */
final class SamSizes {

  private static final String BLOCK = "image_encoder.blocks.#.";
  private static final String LAYER = "mask_decoder.transformer.layers.#.";
  private static final int PUBLISHED_DIM = 256;
  private static final int PUBLISHED_HEADS = 8;

  private final TensorShapes shapes;

  private SamSizes(TensorShapes shapes) {
    this.shapes = shapes;
  }

  /**
   * @param source a SAM under our names
   * @param decoderHeads from a config, if there is one
   * @return its sizes
   * @throws org.samclip.UserError if it is a SAM that cannot be represented, or not all of one
   */
  static SamModel.Sizes of(TensorSource source, OptionalInt decoderHeads) {
    SamSizes sizes = new SamSizes(new TensorShapes(source, "SAM"));
    return new SamModel.Sizes(sizes.encoder(), sizes.head(decoderHeads));
  }

  private ViTDetConfig encoder() {
    int[] patches = shapes.of("image_encoder.patch_embed.proj.weight", 4);
    int width = patches[0];
    if (patches[1] != 3 || patches[2] != patches[3]) {
      throw shapes.refusal("its patches are not square images of 3 channels");
    }
    shapes.require("image_encoder.pos_embed", "a SAM without absolute positions is not supported");
    int[] positions = shapes.of("image_encoder.pos_embed", 4);
    int grid = positions[1];
    if (positions[2] != grid) {
      throw shapes.refusal("its position grid is not square");
    }
    int depth = shapes.count(BLOCK + "attn.qkv.weight");
    shapes.requireEach(
        BLOCK + "attn.qkv.bias", "a SAM without a bias of qkv is not supported", depth);
    shapes.requireEach(
        BLOCK + "attn.rel_pos_h", "a SAM without relative positions is not supported", depth);
    int[] table = shapes.of(BLOCK.replace("#", "0") + "attn.rel_pos_h", 2);
    if (width % table[1] != 0) {
      throw shapes.refusal("heads of " + table[1] + " do not divide the width " + width);
    }
    int hidden = shapes.of(BLOCK.replace("#", "0") + "mlp.lin1.weight", 2)[0];
    List<Integer> global = new ArrayList<>();
    int window = window(depth, grid, global);
    return new ViTDetConfig(
        patches[2],
        grid,
        width,
        depth,
        width / table[1],
        TensorShapes.mlpRatio(width, hidden),
        window,
        global,
        shapes.of("image_encoder.neck.0.weight", 4)[0]);
  }

  /** Fills the list of global blocks and gives the other blocks' window. */
  private int window(int depth, int grid, List<Integer> global) {
    int rows = 0;
    for (int i = 0; i < depth; i++) {
      int length = shapes.of(BLOCK.replace("#", "" + i) + "attn.rel_pos_h", 2)[0];
      if (length == 2 * grid - 1) {
        global.add(i);
      } else if (length % 2 == 0 || rows != 0 && rows != length) {
        throw shapes.refusal(
            "relative positions of block %d have %d rows; a global block has %d, blocks with windows all the same odd number"
                .formatted(i, length, 2 * grid - 1));
      } else {
        rows = length;
      }
    }
    return rows == 0 ? grid : (rows + 1) / 2;
  }

  private SamHeadConfig head(OptionalInt decoderHeads) {
    int dim = shapes.of("mask_decoder.iou_token.weight", 2)[1];
    if (decoderHeads.isEmpty() && dim != PUBLISHED_DIM) {
      throw shapes.refusal(
          "the heads of its mask decoder with %d channels leave no trace in the weights; put a Hugging Face config.json with mask_decoder_config.num_attention_heads beside the file"
              .formatted(dim));
    }
    String first = LAYER.replace("#", "0");
    if (shapes.of(first + "cross_attn_token_to_image.q_proj.weight", 2)[0] * 2 != dim) {
      throw shapes.refusal("its decoder's attention does not run at half the width");
    }
    int iouDepth = shapes.count("mask_decoder.iou_prediction_head.layers.#.weight");
    int iouHidden = shapes.of("mask_decoder.iou_prediction_head.layers.0.weight", 2)[0];
    return new SamHeadConfig(
        dim,
        decoderHeads.orElse(PUBLISHED_HEADS),
        shapes.count(LAYER + "self_attn.q_proj.weight"),
        shapes.of(first + "mlp.lin1.weight", 2)[0],
        shapes.of("prompt_encoder.mask_downscaling.3.weight", 4)[0],
        shapes.of("mask_decoder.mask_tokens.weight", 2)[0] - 1,
        iouDepth,
        iouHidden);
  }
}
