package org.samclip.checkpoint;

/** CLIP as Hugging Face transformers saves it ({@code CLIPModel}). */
public final class HuggingFaceClipNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "vision_model.embeddings.patch_embedding.weight";

  private HuggingFaceClipNames() {}

  /**
   * @return from transformers' names to open_clip's
   */
  public static KeyMap map() {
    KeyMap map =
        new KeyMap()
            .drop("vision_model.embeddings.position_ids")
            .drop("text_model.embeddings.position_ids")
            .rename("vision_model.embeddings.class_embedding", "visual.class_embedding")
            .rename("vision_model.embeddings.patch_embedding.*", "visual.conv1.*")
            .rename(
                "vision_model.embeddings.position_embedding.weight", "visual.positional_embedding")
            .rename("vision_model.pre_layrnorm.*", "visual.ln_pre.*") // their spelling
            .rename("vision_model.post_layernorm.*", "visual.ln_post.*")
            .transpose("visual_projection.weight", "visual.proj")
            .rename("text_model.embeddings.token_embedding.weight", "token_embedding.weight")
            .rename("text_model.embeddings.position_embedding.weight", "positional_embedding")
            .rename("text_model.final_layer_norm.*", "ln_final.*")
            .transpose("text_projection.weight", "text_projection");
    tower(map, "vision_model.encoder.layers.#.", "visual.transformer.resblocks.#.");
    tower(map, "text_model.encoder.layers.#.", "transformer.resblocks.#.");
    return map;
  }

  private static void tower(KeyMap map, String from, String to) {
    for (String kind : new String[] {"weight", "bias"}) {
      map.join(
          to + "attn.in_proj_" + kind,
          from + "self_attn.q_proj." + kind,
          from + "self_attn.k_proj." + kind,
          from + "self_attn.v_proj." + kind);
    }
    map.rename(from + "self_attn.out_proj.*", to + "attn.out_proj.*")
        .rename(from + "layer_norm1.*", to + "ln_1.*")
        .rename(from + "layer_norm2.*", to + "ln_2.*")
        .rename(from + "mlp.fc1.*", to + "mlp.c_fc.*")
        .rename(from + "mlp.fc2.*", to + "mlp.c_proj.*");
  }
}
