package org.samclip.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samclip.UserError;

/**
 * From the names of a foreign checkpoint to ours, as data: rules from pattern to pattern, the first
 * that fits decides. In a pattern {@code #} stands for a number and {@code *} for any rest; both
 * stand for the same text in the name on the other side. A name that no rule fits stays as it is.
 */
public final class KeyMap {

  private static final Rule AS_IT_IS = new Rule(pattern("*"), "*", Change.NONE, 0, 1);

  private final List<Rule> rules = new ArrayList<>();

  /** What is done to a tensor beside its name. */
  private enum Change {
    NONE,
    TRANSPOSED,
    /** A first axis of one. */
    BATCHED
  }

  /**
   * @param from the pattern in the file
   * @param to our name, or null for tensors that are not needed
   * @param change from the file's tensor to ours
   * @param place of this part in a tensor that is joined of several
   * @param places number of parts that make one tensor
   */
  private record Rule(Pattern from, String to, Change change, int place, int places) {

    boolean fits(String name) {
      return from.matcher(name).matches();
    }

    /** Our name for a name that fits. */
    String apply(String name) {
      Matcher matcher = from.matcher(name);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(name);
      }
      StringBuilder result = new StringBuilder();
      int group = 1;
      for (int i = 0; i < to.length(); i++) {
        char c = to.charAt(i);
        result.append(c == '#' || c == '*' ? matcher.group(group++) : Character.toString(c));
      }
      return result.toString();
    }
  }

  /** A tensor of ours while its parts are gathered. */
  private static final class Gathered {
    private final Rule first;
    private final Map<Integer, String> parts = new TreeMap<>();

    Gathered(Rule first) {
      this.first = first;
    }
  }

  /**
   * @param from the pattern in the file
   * @param to our name
   * @return this
   */
  public KeyMap rename(String from, String to) {
    rules.add(new Rule(pattern(from), to, Change.NONE, 0, 1));
    return this;
  }

  /**
   * @param from the pattern of matrices in the file
   * @param to our name, of their transposes
   * @return this
   */
  public KeyMap transpose(String from, String to) {
    rules.add(new Rule(pattern(from), to, Change.TRANSPOSED, 0, 1));
    return this;
  }

  /**
   * @param from the pattern of tensors in the file
   * @param to our name, of the same with a first axis of one
   * @return this
   */
  public KeyMap batch(String from, String to) {
    rules.add(new Rule(pattern(from), to, Change.BATCHED, 0, 1));
    return this;
  }

  /**
   * @param to our name of one tensor
   * @param parts the patterns of what stands along its first axis, in this order
   * @return this
   */
  public KeyMap join(String to, String... parts) {
    for (int i = 0; i < parts.length; i++) {
      rules.add(new Rule(pattern(parts[i]), to, Change.NONE, i, parts.length));
    }
    return this;
  }

  /**
   * @param from the pattern of tensors that are not needed, such as tables of constants
   * @return this
   */
  public KeyMap drop(String from) {
    rules.add(new Rule(pattern(from), null, Change.NONE, 0, 1));
    return this;
  }

  private static Pattern pattern(String text) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      regex.append(
          switch (c) {
            case '#' -> "([0-9]{1,9})";
            case '*' -> "(.*)";
            default -> Pattern.quote(Character.toString(c));
          });
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  /**
   * Reads no values.
   *
   * @param source an open checkpoint, which the result closes
   * @return the same tensors under our names
   * @throws UserError if two tensors get one name, or a part of a joined tensor is missing or of
   *     another type or shape
   */
  public TensorSource apply(TensorSource source) {
    Map<String, Gathered> gathered = new LinkedHashMap<>();
    for (String name : source.names()) {
      Rule chosen = ruleFor(name);
      if (chosen.to == null) {
        continue; // not needed
      }
      String ours = chosen.apply(name);
      String earlier =
          gathered.computeIfAbsent(ours, key -> new Gathered(chosen)).parts.put(chosen.place, name);
      if (earlier != null) {
        throw new UserError(
            "%s: tensors '%s' and '%s' both mean %s; save the checkpoint again with one of them"
                .formatted(
                    source.path(), Printable.of(earlier), Printable.of(name), Printable.of(ours)));
      }
    }
    Map<String, String> unread = new LinkedHashMap<>();
    source
        .unread()
        .forEach(
            (name, what) -> {
              Rule chosen = ruleFor(name);
              if (chosen.to != null) {
                unread.put(chosen.apply(name), what);
              }
            });
    gathered.keySet().removeAll(unread.keySet()); // what is joined with it is no whole tensor
    Map<String, RenamedSource.Tensor> tensors = new LinkedHashMap<>();
    gathered.forEach((ours, parts) -> tensors.put(ours, tensor(source, ours, parts)));
    return new RenamedSource(source, tensors, unread, List.of());
  }

  private Rule ruleFor(String name) {
    return rules.stream().filter(rule -> rule.fits(name)).findFirst().orElse(AS_IT_IS);
  }

  private static RenamedSource.Tensor tensor(TensorSource source, String ours, Gathered gathered) {
    List<TensorInfo> parts = gathered.parts.values().stream().map(source::info).toList();
    if (parts.size() != gathered.first.places) {
      throw broken(
          source,
          ours,
          "%d of %d parts are there: %s"
              .formatted(
                  parts.size(),
                  gathered.first.places,
                  Printable.of(String.join(", ", gathered.parts.values()))));
    }
    TensorInfo first = parts.get(0);
    long[] shape = first.shape();
    if (gathered.first.change == Change.TRANSPOSED) {
      if (shape.length != 2) {
        throw broken(source, ours, first + " is not a matrix");
      }
      TensorInfo turned = new TensorInfo(ours, first.type(), new long[] {shape[1], shape[0]});
      return new RenamedSource.Tensor(turned, parts, true);
    }
    if (gathered.first.change == Change.BATCHED) {
      long[] more = new long[shape.length + 1];
      more[0] = 1;
      System.arraycopy(shape, 0, more, 1, shape.length);
      shape = more;
    }
    for (TensorInfo part : parts.subList(1, parts.size())) {
      if (part.type() != first.type() || shape.length == 0 || !Arrays.equals(shape, part.shape())) {
        throw broken(source, ours, "its parts " + first + " and " + part + " do not fit together");
      }
    }
    if (parts.size() > 1) {
      try {
        shape[0] = Math.multiplyExact(shape[0], (long) parts.size());
      } catch (ArithmeticException e) {
        throw new UserError(source.path() + ": " + first + " is too large", e);
      }
    }
    try {
      return new RenamedSource.Tensor(new TensorInfo(ours, first.type(), shape), parts, false);
    } catch (IllegalArgumentException e) {
      throw new UserError(source.path() + ": " + Printable.of(ours) + ": " + e.getMessage(), e);
    }
  }

  private static UserError broken(TensorSource source, String ours, String cause) {
    return new UserError(
        source.path()
            + ": tensor "
            + Printable.of(ours)
            + " cannot be made: "
            + cause
            + ". Fetch the checkpoint again.");
  }
}
