package org.samclip.checkpoint;

import java.util.Set;

/** SAM as Hugging Face transformers saves it ({@code SamModel}). */
public final class HuggingFaceSamNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "vision_encoder.patch_embed.projection.weight";

  private static final String POSITIONS =
      "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";

  private HuggingFaceSamNames() {}

  /**
   * @param names of the file: they tell how many layers an MLP has between its first and last
   * @return from transformers' names to segment-anything's
   */
  public static KeyMap map(Set<String> names) {
    KeyMap map =
        new KeyMap()
            .rename("vision_encoder.pos_embed", "image_encoder.pos_embed")
            .rename("vision_encoder.patch_embed.projection.*", "image_encoder.patch_embed.proj.*")
            .rename("vision_encoder.layers.#.layer_norm1.*", "image_encoder.blocks.#.norm1.*")
            .rename("vision_encoder.layers.#.layer_norm2.*", "image_encoder.blocks.#.norm2.*")
            .rename("vision_encoder.layers.#.*", "image_encoder.blocks.#.*")
            .rename("vision_encoder.neck.conv1.*", "image_encoder.neck.0.*")
            .rename("vision_encoder.neck.layer_norm1.*", "image_encoder.neck.1.*")
            .rename("vision_encoder.neck.conv2.*", "image_encoder.neck.2.*")
            .rename("vision_encoder.neck.layer_norm2.*", "image_encoder.neck.3.*")
            .rename("shared_image_embedding.positional_embedding", POSITIONS);
    if (names.contains("shared_image_embedding.positional_embedding")) {
      map.drop("prompt_encoder.shared_embedding.positional_embedding"); // one matrix, saved twice
    } else {
      map.rename("prompt_encoder.shared_embedding.positional_embedding", POSITIONS);
    }
    map.rename("prompt_encoder.mask_embed.conv1.*", "prompt_encoder.mask_downscaling.0.*")
        .rename("prompt_encoder.mask_embed.layer_norm1.*", "prompt_encoder.mask_downscaling.1.*")
        .rename("prompt_encoder.mask_embed.conv2.*", "prompt_encoder.mask_downscaling.3.*")
        .rename("prompt_encoder.mask_embed.layer_norm2.*", "prompt_encoder.mask_downscaling.4.*")
        .rename("prompt_encoder.mask_embed.conv3.*", "prompt_encoder.mask_downscaling.6.*")
        .rename("prompt_encoder.point_embed.#.*", "prompt_encoder.point_embeddings.#.*")
        .rename(
            "mask_decoder.transformer.layer_norm_final_attn.*",
            "mask_decoder.transformer.norm_final_attn.*")
        .rename(
            "mask_decoder.transformer.layers.#.layer_norm#.*",
            "mask_decoder.transformer.layers.#.norm#.*")
        .rename("mask_decoder.upscale_conv1.*", "mask_decoder.output_upscaling.0.*")
        .rename("mask_decoder.upscale_layer_norm.*", "mask_decoder.output_upscaling.1.*")
        .rename("mask_decoder.upscale_conv2.*", "mask_decoder.output_upscaling.3.*");
    mlp(map, names, "mask_decoder.output_hypernetworks_mlps.#");
    mlp(map, names, "mask_decoder.iou_prediction_head");
    return map;
  }

  /** The first and last layers have names of their own; ours count all layers from 0. */
  private static void mlp(KeyMap map, Set<String> names, String prefix) {
    int inner = 0;
    String first = prefix.replace("#", "0");
    while (names.contains(first + ".layers." + inner + ".weight")) {
      inner++;
    }
    map.rename(prefix + ".proj_in.*", prefix + ".layers.0.*");
    for (int i = 0; i < inner; i++) {
      map.rename(prefix + ".layers." + i + ".*", prefix + ".layers." + (i + 1) + ".*");
    }
    map.rename(prefix + ".proj_out.*", prefix + ".layers." + (inner + 1) + ".*");
  }
}
