package org.samclip.data.scenes;

import java.util.Locale;

/** The two sets of artwork that a class is drawn in. */
public enum SpriteStyle {
  /** Noto Emoji: shaded, with detail. */
  NOTO,
  /** Fluent Emoji, flat: few even colours. */
  FLUENT;

  /** Name in files: {@code noto}, {@code fluent}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The style that is not this one. */
  public SpriteStyle other() {
    return this == NOTO ? FLUENT : NOTO;
  }
}
