package org.samclip.train.recipe;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.samclip.train.blend.BlendMethods;

/**
 * A model made of the weights of others, without training.
 *
 * @param method how a tensor is made of several: {@code linear}
 * @param of the models with their weights: {@code base} (the student as the recipe makes it) or
 *     names of the recipe's stages, meaning the models that these ended with; at least two
 * @param tensors pattern on the names of the tensors that are blended
 * @param rest the one of these models from which all other tensors are; absent: the last
 */
public record BlendSpec(
    String method, Map<String, Double> of, String tensors, @Optional String rest) {

  /** Checks what can be checked within one blend. */
  public BlendSpec {
    Check.known("method", method, BlendMethods.installed().names());
    of = Check.names("of", of);
    Check.that(of.size() >= 2, "of", of.isEmpty() ? "empty" : of, "two models or more");
    of.forEach(
        (name, weight) ->
            Check.that(Double.isFinite(weight), "of." + name, weight, "a finite number"));
    Check.notBlank("tensors", tensors);
    NamePattern.of(tensors);
    if (rest == null) {
      // Named, as the recipe's hash does not see the order of the map.
      rest = List.copyOf(of.keySet()).get(of.size() - 1);
    }
    Check.known("rest", rest, of.keySet());
  }

  /**
   * Checks that the models are there.
   *
   * @param key of the blend, for messages
   * @param stages names of the recipe's stages
   */
  void check(String key, List<String> stages) {
    Set<String> known = new TreeSet<>(stages);
    known.add(StageSpec.BASE);
    of.keySet().forEach(name -> Check.known(key + ".of." + name, name, known));
  }

  /**
   * @return the method, the models with their weights and what is blended, in a few words
   */
  public String text() {
    String models =
        of.entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(" + "));
    return "%s blend of %s in %s, the rest of %s".formatted(method, models, tensors, rest);
  }
}
