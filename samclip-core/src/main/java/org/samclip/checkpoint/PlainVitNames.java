package org.samclip.checkpoint;

/**
 * A plain ViT as facebookresearch's dinov2 and timm save it: our own names, but for registers,
 * SwiGLU's layers, and what a frozen encoder does not need.
 */
public final class PlainVitNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "blocks.0.attn.qkv.weight";

  /** A tensor that dinov2's have beside it. */
  public static final String DINOV2_SIGN = "mask_token";

  private PlainVitNames() {}

  /**
   * @return from these names to ours
   */
  public static KeyMap map() {
    return new KeyMap()
        .drop(DINOV2_SIGN)
        .drop("head.*") // timm's classifier
        .rename("reg_token", "register_tokens")
        .rename("blocks.#.mlp.w12.*", "blocks.#.mlp.fc1.*")
        .rename("blocks.#.mlp.w3.*", "blocks.#.mlp.fc2.*");
  }
}
