package org.samclip.checkpoint;

import java.util.List;
import java.util.Set;

/** DINOv3's ViT as Hugging Face transformers saves it ({@code DINOv3ViTModel}). */
public final class HuggingFaceDinov3Names {

  /** Tensors that every such checkpoint has. */
  public static final List<String> SIGNS =
      List.of("embeddings.patch_embeddings.weight", "embeddings.register_tokens");

  private HuggingFaceDinov3Names() {}

  /**
   * @param names of the file: they tell which of query, key and value have a bias, and whether the
   *     MLP has a gate
   * @return from transformers' names to ours
   */
  public static KeyMap map(Set<String> names) {
    KeyMap map =
        new KeyMap()
            .drop("embeddings.mask_token")
            .rename("embeddings.cls_token", "cls_token")
            .rename("embeddings.register_tokens", "register_tokens")
            .rename("embeddings.patch_embeddings.*", "patch_embed.proj.*");
    for (String from : new String[] {"layer.#.", "model.layer.#."}) { // the hub's, transformers 5's
      block(map, names, from, "blocks.#.");
    }
    return map;
  }

  private static void block(KeyMap map, Set<String> names, String from, String to) {
    String first = from.replace("#", "0");
    String qkv = from + "attention.";
    map.join(
        to + "attn.qkv.weight",
        qkv + "q_proj.weight",
        qkv + "k_proj.weight",
        qkv + "v_proj.weight");
    if (names.contains(first + "attention.k_proj.bias")) {
      map.join(to + "attn.qkv.bias", qkv + "q_proj.bias", qkv + "k_proj.bias", qkv + "v_proj.bias");
    } else {
      map.rename(qkv + "q_proj.bias", to + "attn.q_bias")
          .rename(qkv + "v_proj.bias", to + "attn.v_bias");
    }
    map.rename(qkv + "o_proj.*", to + "attn.proj.*")
        .rename(from + "layer_scale#.lambda1", to + "ls#.gamma");
    if (names.contains(first + "mlp.gate_proj.weight")) {
      for (String kind : new String[] {"weight", "bias"}) {
        map.join(
            to + "mlp.fc1." + kind, from + "mlp.gate_proj." + kind, from + "mlp.up_proj." + kind);
      }
    }
    map.rename(from + "mlp.up_proj.*", to + "mlp.fc1.*")
        .rename(from + "mlp.down_proj.*", to + "mlp.fc2.*")
        .rename(from + "*", to + "*");
  }
}
