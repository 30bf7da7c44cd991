package org.samclip.checkpoint;

/** SigLIP and SigLIP 2 as Hugging Face transformers saves them ({@code SiglipModel}). */
public final class HuggingFaceSiglipNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "vision_model.head.probe";

  /** Another one, which CLIP has not. */
  public static final String BIAS = "logit_bias";

  private HuggingFaceSiglipNames() {}

  /**
   * @return from transformers' names to ours
   */
  public static KeyMap map() {
    KeyMap map =
        new KeyMap()
            .drop("vision_model.embeddings.position_ids")
            .drop("text_model.embeddings.position_ids")
            .rename("vision_model.embeddings.patch_embedding.*", "visual.patch_embed.proj.*")
            .batch("vision_model.embeddings.position_embedding.weight", "visual.pos_embed")
            .rename("vision_model.post_layernorm.*", "visual.norm.*")
            .rename("vision_model.head.*", "visual.attn_pool.*")
            .rename("text_model.embeddings.token_embedding.*", "text.token_embedding.*")
            .rename("text_model.embeddings.position_embedding.weight", "text.pos_embed")
            .rename("text_model.final_layer_norm.*", "text.norm.*")
            .rename("text_model.head.*", "text.head.*");
    tower(map, "vision_model.encoder.layers.#.", "visual.blocks.#.");
    tower(map, "text_model.encoder.layers.#.", "text.blocks.#.");
    return map;
  }

  private static void tower(KeyMap map, String from, String to) {
    for (String kind : new String[] {"weight", "bias"}) {
      map.join(
          to + "attn.qkv." + kind,
          from + "self_attn.q_proj." + kind,
          from + "self_attn.k_proj." + kind,
          from + "self_attn.v_proj." + kind);
    }
    map.rename(from + "self_attn.out_proj.*", to + "attn.proj.*")
        .rename(from + "layer_norm#.*", to + "norm#.*")
        .rename(from + "*", to + "*");
  }
}
