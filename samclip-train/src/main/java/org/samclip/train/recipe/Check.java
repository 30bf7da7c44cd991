package org.samclip.train.recipe;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.samclip.NearestName;

/** The range checks that the recipe's records share; each failure names key, value and range. */
final class Check {

  private Check() {}

  static void that(boolean holds, String key, Object value, String allowed) {
    if (!holds) {
      throw new InvalidValue(key, "is " + value + "; allowed: " + allowed);
    }
  }

  static void atLeast(long least, String key, long value) {
    that(value >= least, key, value, "a whole number of at least " + least);
  }

  static void positive(String key, double value) {
    that(value > 0 && Double.isFinite(value), key, value, "a finite number above 0");
  }

  static void notNegative(String key, double value) {
    that(value >= 0 && Double.isFinite(value), key, value, "a finite number of at least 0");
  }

  /** A share in [0, 1]. */
  static void share(String key, double value) {
    that(value >= 0 && value <= 1, key, value, "0 to 1");
  }

  static void notBlank(String key, String value) {
    that(value != null && !value.isBlank(), key, "empty", "a text");
  }

  /** A name that can also be a file name and one step of a dotted path. */
  static void name(String key, String value) {
    that(
        value != null && value.matches("[A-Za-z_][A-Za-z0-9_-]{0,63}"),
        key,
        value == null ? "empty" : "'" + value + "'",
        "a letter or _ first, then letters, digits, - and _ (at most 64)");
  }

  static <T> List<T> notEmpty(String key, List<T> values) {
    that(values != null && !values.isEmpty(), key, "empty", "at least one entry");
    that(values.stream().noneMatch(Objects::isNull), key, "with an empty entry", "whole entries");
    return List.copyOf(values);
  }

  /** Sections with free names, in the order in which they were written. */
  static <T> Map<String, T> names(String key, Map<String, T> sections) {
    that(sections != null, key, "missing", "a section");
    sections.forEach(
        (name, value) -> {
          name(key + "." + name, name);
          that(value != null, key + "." + name, "empty", "a section or a value");
        });
    return Collections.unmodifiableMap(new LinkedHashMap<>(sections));
  }

  /** A name that stands elsewhere in the recipe. */
  static void known(String key, String name, Collection<String> names) {
    that(
        names.contains(name),
        key,
        "'" + name + "'",
        (names.isEmpty() ? "nothing, there are none" : String.join(", ", names))
            + "."
            + NearestName.hint(name, names));
  }

  /** The side of a square image; the recipe checks it against the model's patch. */
  static void resolution(String key, int value) {
    that(value >= 8 && value <= 8192, key, value, "8 to 8192 pixels");
  }

  static <T> void distinct(String key, List<T> values, Function<T, ?> name) {
    Set<Object> seen = new HashSet<>();
    for (T value : values) {
      that(seen.add(name.apply(value)), key, name.apply(value) + " twice", "each only once");
    }
  }
}
