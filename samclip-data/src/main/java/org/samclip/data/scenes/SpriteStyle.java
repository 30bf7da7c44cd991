package org.samclip.data.scenes;

import java.util.Locale;

/** The sets of artwork that classes are drawn in. */
public enum SpriteStyle {
  /** Noto Emoji: shaded, with detail. */
  NOTO,
  /** Fluent Emoji, flat: few even colours. */
  FLUENT,
  /** Noto Emoji before its redrawing; not of all classes. */
  NOTO_V1,
  /** EmojiOne 2: flat, outlined by shade; not of all classes. */
  EMOJIONE,
  /** Fluent Emoji in colour: the shapes of the flat ones, shaded. */
  FLUENT_COLOUR,
  /** Twemoji: flat, other drawings. */
  TWEMOJI;

  /** Name in files: {@code noto}, {@code fluent-colour}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * @param key name in files
   * @return the style of that name
   */
  static SpriteStyle of(String key) {
    return valueOf(key.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
