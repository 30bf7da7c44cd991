package org.samclip.model;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.TensorSource;
import org.samclip.text.TextSizes;

/** The kinds of models that are on the class path. */
public final class ModelFamilies {

  private static ModelFamilies installed;

  private final Map<String, ModelFamily<?, ?>> families = new TreeMap<>();

  /**
   * A format and the family that reads it.
   *
   * @param family with the format
   * @param format of a file
   */
  record Match(ModelFamily<?, ?> family, WeightFormat format) {

    /** Whether it asks for all that the other asks for, and more. */
    boolean refines(Match other) {
      Set<String> signs = Set.copyOf(format.signs());
      Set<String> others = Set.copyOf(other.format.signs());
      return signs.containsAll(others) && !others.containsAll(signs);
    }

    boolean takesOver(WeightFormat.Refusal refusal) {
      return format.signs().stream().anyMatch(sign -> sign.contains(refusal.sign()));
    }

    private String label() {
      return "%s (%s)".formatted(format.label(), family.getClass().getName());
    }
  }

  /**
   * @param providers all families
   * @throws UserError if two have the same kind
   */
  ModelFamilies(Iterable<? extends ModelFamily<?, ?>> providers) {
    for (ModelFamily<?, ?> family : providers) {
      ModelFamily<?, ?> other = families.putIfAbsent(family.kind(), family);
      if (other != null) {
        throw new UserError(
            "kind of model '%s' is provided by %s and %s; remove one from the class path"
                .formatted(family.kind(), other.getClass().getName(), family.getClass().getName()));
      }
    }
  }

  /** Those of the class path. */
  static synchronized ModelFamilies installed() {
    if (installed == null) { // a mistake on the class path is told each time
      installed = new ModelFamilies(ofClassPath());
    }
    return installed;
  }

  private static List<ModelFamily<?, ?>> ofClassPath() {
    return ServiceLoader.load(ModelFamily.class).stream()
        .<ModelFamily<?, ?>>map(ServiceLoader.Provider::get)
        .toList();
  }

  /**
   * @param type a class of models, or what they can do, such as {@link TextAlignedModel}
   * @return the kinds whose models are of it, for messages: sorted, joined by "or"
   */
  public static String kinds(Class<?> type) {
    return installed().kinds(type, ModelFamily::capabilities);
  }

  String kinds(Class<?> needed, Function<ModelFamily<?, ?>, Set<Class<?>>> types) {
    return String.join(
        " or ",
        families.values().stream()
            .filter(family -> types.apply(family).stream().anyMatch(needed::isAssignableFrom))
            .map(ModelFamily::kind)
            .toList());
  }

  /** Classes of text towers' sizes, by the kind of model that has them. */
  Map<String, Class<? extends TextSizes>> textSizes() {
    Map<String, Class<? extends TextSizes>> types = new TreeMap<>();
    families.forEach((kind, family) -> family.textSizes().ifPresent(t -> types.put(kind, t)));
    return types;
  }

  Set<String> kinds() {
    return families.keySet();
  }

  Optional<ModelFamily<?, ?>> of(String kind) {
    return Optional.ofNullable(families.get(kind));
  }

  /** Tensors, of which each model that is read has one. */
  Set<String> signs() {
    Set<String> signs = new LinkedHashSet<>();
    formats()
        .filter(match -> match.format.searched())
        .forEach(match -> signs.add(match.format.signs().get(0)));
    return signs;
  }

  private Stream<Match> formats() {
    return families.values().stream()
        .flatMap(family -> family.formats().stream().map(format -> new Match(family, format)));
  }

  /**
   * @param source an open checkpoint that samclip did not write
   * @return its format
   * @throws UserError if it is of none, of more than one, or of a model that cannot be represented
   */
  Match match(TensorSource source) {
    Set<String> names = new LinkedHashSet<>(source.names());
    names.addAll(source.unread().keySet()); // a model is told by a tensor that is not read, too
    List<Match> matches =
        formats().filter(match -> names.containsAll(match.format.signs())).toList();
    List<Match> finest =
        matches.stream()
            .filter(match -> matches.stream().noneMatch(other -> other.refines(match)))
            .toList();
    refuse(source, names, finest);
    if (finest.isEmpty()) {
      throw new UserError(
          "%s: the metadata and the tensors' names do not say what the weights are (the first tensors are %s); read are %s"
              .formatted(
                  source.path(),
                  String.join(", ", names.stream().limit(3).map(Printable::of).toList()),
                  readable()));
    }
    if (finest.size() > 1) {
      throw new UserError(
          "%s: the tensors' names say that it is %s; give a file with one model, or remove one of these families from the class path"
              .formatted(
                  source.path(), String.join(" and ", finest.stream().map(Match::label).toList())));
    }
    return finest.get(0);
  }

  private void refuse(TensorSource source, Set<String> names, List<Match> found) {
    for (ModelFamily<?, ?> family : families.values()) {
      for (WeightFormat.Refusal refusal : family.refusals()) {
        if (found.stream().anyMatch(match -> match.takesOver(refusal))) {
          continue;
        }
        Optional<String> name = names.stream().filter(n -> n.contains(refusal.sign())).findFirst();
        if (name.isPresent()) {
          throw new UserError(
              "%s: this model cannot be read: %s, as its tensor %s tells; read are %s"
                  .formatted(source.path(), refusal.cause(), Printable.of(name.get()), readable()));
        }
      }
    }
  }

  private String readable() {
    List<String> labels = formats().map(match -> match.format.label()).toList();
    return "samclip's own files, and weights of " + String.join(", ", labels);
  }
}
