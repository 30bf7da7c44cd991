package org.samclip.checkpoint;

import java.util.List;

/**
 * DINOv2 as Hugging Face transformers saves it ({@code Dinov2Model}, {@code
 * Dinov2WithRegistersModel}).
 */
public final class HuggingFaceDinov2Names {

  /** Tensors that every such checkpoint has. */
  public static final List<String> SIGNS =
      List.of(
          "embeddings.patch_embeddings.projection.weight", "encoder.layer.0.layer_scale1.lambda1");

  private HuggingFaceDinov2Names() {}

  /**
   * @return from transformers' names to ours
   */
  public static KeyMap map() {
    String from = "encoder.layer.#.";
    String to = "blocks.#.";
    KeyMap map =
        new KeyMap()
            .drop("embeddings.mask_token")
            .drop("classifier.*")
            .rename("embeddings.cls_token", "cls_token")
            .rename("embeddings.register_tokens", "register_tokens")
            .rename("embeddings.position_embeddings", "pos_embed")
            .rename("embeddings.patch_embeddings.projection.*", "patch_embed.proj.*")
            .rename("layernorm.*", "norm.*");
    for (String kind : new String[] {"weight", "bias"}) {
      map.join(
          to + "attn.qkv." + kind,
          from + "attention.attention.query." + kind,
          from + "attention.attention.key." + kind,
          from + "attention.attention.value." + kind);
    }
    return map.rename(from + "attention.output.dense.*", to + "attn.proj.*")
        .rename(from + "layer_scale#.lambda1", to + "ls#.gamma")
        .rename(from + "mlp.weights_in.*", to + "mlp.fc1.*")
        .rename(from + "mlp.weights_out.*", to + "mlp.fc2.*")
        .rename(from + "*", to + "*");
  }
}
