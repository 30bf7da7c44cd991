package org.samclip.checkpoint;

import java.util.List;

/**
 * CLIP as OpenAI and open_clip save it: our own names, but for a prefix {@code text.} that newer
 * open_clip models put before the text tower's, and tables of constants.
 */
public final class OpenClipNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "visual.conv1.weight";

  /** Three numbers that only OpenAI's archives hold beside the weights. */
  public static final List<String> OPENAI_SIGNS =
      List.of("input_resolution", "context_length", "vocab_size");

  private OpenClipNames() {}

  /**
   * @return from open_clip's names to ours
   */
  public static KeyMap map() {
    KeyMap map = new KeyMap();
    OPENAI_SIGNS.forEach(map::drop);
    return map.drop("attn_mask")
        .drop("*.attn_mask")
        .drop("*.position_ids")
        .rename("text.positional_embedding", "positional_embedding")
        .rename("text.text_projection", "text_projection")
        .transpose("text.text_projection.weight", "text_projection")
        .transpose("text_projection.weight", "text_projection")
        .rename("text.token_embedding.*", "token_embedding.*")
        .rename("text.transformer.*", "transformer.*")
        .rename("text.ln_final.*", "ln_final.*");
  }
}
