package org.samclip.model;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.samclip.checkpoint.KeyMap;
import org.samclip.checkpoint.TensorSource;

/**
 * A public format of weights, told by the tensors' names.
 *
 * @param label its name for people
 * @param signs tensors that every such file has; the first alone is enough to look for one among
 *     other things. Of two formats whose signs a file has, the one with the other's signs and more
 *     is chosen
 * @param names from a file's names to the map that gives ours
 * @param searched whether the first sign is looked for among other things. Where it stands within
 *     other models as well, such a file is told only if it holds nothing else, or by the key that
 *     is given
 */
public record WeightFormat(
    String label, List<String> signs, Function<Set<String>, KeyMap> names, boolean searched) {

  /**
   * A format that is found among other things.
   *
   * @param label its name for people
   * @param signs tensors that every such file has
   * @param names from a file's names to the map that gives ours
   */
  public WeightFormat(String label, List<String> signs, Function<Set<String>, KeyMap> names) {
    this(label, signs, names, true);
  }

  public WeightFormat {
    signs = List.copyOf(signs);
    if (label.isEmpty() || signs.isEmpty()) {
      throw new IllegalArgumentException("a format needs a label and a sign");
    }
  }

  /**
   * A model that looks near and cannot be read, told by a part of a tensor's name. A format with
   * that part in one of its signs takes such files over.
   *
   * @param sign part of a name
   * @param cause what keeps it out, such as {@code it is a SAM 2}
   */
  public record Refusal(String sign, String cause) {}

  /**
   * @param source an open checkpoint of this format, which the result closes
   * @return the same tensors under our names
   */
  public TensorSource renamed(TensorSource source) {
    return names.apply(source.names()).apply(source);
  }
}
