package org.samclip.data.scenes;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One of the kinds of object that scenes are made of.
 *
 * @param index position in {@link SpriteLibrary#classes()}, from 0
 * @param label one or two English words, unique
 * @param slug file name of its sprites without the ending
 * @param codepoint Unicode code point in hexadecimal
 * @param tags words that go with it
 * @param heldOutStyle the style that training data never shows, or {@code null} where both are seen
 */
public record SpriteClass(
    int index,
    String label,
    String slug,
    String codepoint,
    List<String> tags,
    SpriteStyle heldOutStyle) {

  /** Checks that nothing but the held-out style is missing. */
  public SpriteClass {
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(slug, "slug");
    Objects.requireNonNull(codepoint, "codepoint");
    tags = List.copyOf(tags);
  }

  /** The style that training data never shows, if there is one. */
  public Optional<SpriteStyle> unseenStyle() {
    return Optional.ofNullable(heldOutStyle);
  }

  /** Whether a split may show this class in a style. */
  public boolean allows(SceneSplit split, SpriteStyle style) {
    return split == SceneSplit.HELD_OUT || style != heldOutStyle;
  }
}
