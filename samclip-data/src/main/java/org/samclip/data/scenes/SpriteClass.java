package org.samclip.data.scenes;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One of the kinds of object that scenes are made of.
 *
 * @param index position in {@link SpriteLibrary#classes()}, from 0
 * @param label one or two English words, unique
 * @param slug file name of its sprites without the ending
 * @param codepoint Unicode code point in hexadecimal
 * @param tags words that go with it
 * @param heldOut whether students never see this class in training ({@link Nouns#DISTILLED})
 * @param styles the artwork of each split; no style is in two of them
 */
public record SpriteClass(
    int index,
    String label,
    String slug,
    String codepoint,
    List<String> tags,
    boolean heldOut,
    Map<SceneSplit, List<SpriteStyle>> styles) {

  /** Checks that nothing is missing, and that the splits share no style. */
  public SpriteClass {
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(slug, "slug");
    Objects.requireNonNull(codepoint, "codepoint");
    tags = List.copyOf(tags);
    Map<SceneSplit, List<SpriteStyle>> copy = new EnumMap<>(SceneSplit.class);
    int count = 0;
    for (SceneSplit split : SceneSplit.values()) {
      copy.put(split, List.copyOf(styles.getOrDefault(split, List.of())));
      if (copy.get(split).isEmpty()) {
        throw new IllegalArgumentException(label + ": no style for " + split.key());
      }
      count += copy.get(split).size();
    }
    if (copy.values().stream().flatMap(List::stream).distinct().count() != count) {
      throw new IllegalArgumentException(label + ": a style is in two splits: " + copy);
    }
    styles = copy;
  }

  /** The artwork in which a split shows this class. */
  public List<SpriteStyle> styles(SceneSplit split) {
    return styles.get(split);
  }
}
