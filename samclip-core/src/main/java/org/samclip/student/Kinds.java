package org.samclip.student;

import java.util.Collection;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.samclip.NearestName;
import org.samclip.UserError;

/**
 * The kinds of backbones or of heads that are on the class path.
 *
 * @param <K> of which
 */
final class Kinds<K extends Kind<?>> {

  private static Kinds<BackboneKind<?>> backbones;
  private static Kinds<HeadKind<?>> heads;

  private final String what;
  private final Map<String, K> byName = new TreeMap<>();

  /**
   * @param what they are, for messages
   * @param providers all of them
   * @throws UserError if two have the same name
   */
  Kinds(String what, Iterable<? extends K> providers) {
    this.what = what;
    for (K kind : providers) {
      K other = byName.putIfAbsent(kind.kind(), kind);
      if (other != null) {
        throw new UserError(
            "kind of %s '%s' is provided by %s and %s; remove one from the class path"
                .formatted(
                    what, kind.kind(), other.getClass().getName(), kind.getClass().getName()));
      }
    }
  }

  private static Kinds<BackboneKind<?>> backbonesOfClassPath() {
    return new Kinds<>(
        "backbone",
        ServiceLoader.load(BackboneKind.class).stream()
            .<BackboneKind<?>>map(ServiceLoader.Provider::get)
            .toList());
  }

  private static Kinds<HeadKind<?>> headsOfClassPath() {
    return new Kinds<>(
        "head",
        ServiceLoader.load(HeadKind.class).stream()
            .<HeadKind<?>>map(ServiceLoader.Provider::get)
            .toList());
  }

  static synchronized Kinds<BackboneKind<?>> backbones() {
    if (backbones == null) { // a mistake on the class path is told each time
      backbones = backbonesOfClassPath();
    }
    return backbones;
  }

  static synchronized Kinds<HeadKind<?>> heads() {
    if (heads == null) {
      heads = headsOfClassPath();
    }
    return heads;
  }

  Collection<K> all() {
    return byName.values();
  }

  Collection<String> names() {
    return byName.keySet();
  }

  /**
   * @throws UserError if there is none of that name
   */
  K named(String name) {
    K kind = byName.get(name);
    if (kind == null) {
      throw new UserError(
          "kind of %s \"%s\" is unknown; allowed: %s.%s"
              .formatted(what, name, String.join(", ", names()), NearestName.hint(name, names())));
    }
    return kind;
  }

  /**
   * @throws UserError if no kind has such sizes
   */
  K of(Object config) {
    return byName.values().stream()
        .filter(kind -> kind.configType().isInstance(config))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "no kind of %s has sizes of %s; name its provider in META-INF/services"
                        .formatted(what, config.getClass().getName())));
  }
}
