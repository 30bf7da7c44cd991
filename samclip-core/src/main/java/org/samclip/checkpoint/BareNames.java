package org.samclip.checkpoint;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.samclip.UserError;

/**
 * A model's tensors under the model's own names. Training puts things in front of names: the keys
 * of the dicts that a checkpoint is made of ({@code state_dict.}, {@code model_ema.}), the modules
 * that a model is part of ({@code model.}, {@code backbone.}), and wrappers, which may stand
 * between a name's parts as well ({@code module.}, {@code _orig_mod.}).
 *
 * <p>A model is found by its sign, a tensor that each model of a format has: what stands before the
 * sign is taken off all names that begin with it, and tensors without it are left out. Where signs
 * stand behind several prefixes, the file holds several models, and the caller has to choose.
 */
public final class BareNames {

  /** Modules around a module: data-parallel training, torch.compile, FSDP, recomputation. */
  private static final Set<String> WRAPPERS =
      Set.of("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");

  private static final Pattern WRAPPER =
      Pattern.compile("(?<=^|\\.)(?:" + String.join("|", WRAPPERS) + ")\\.");

  private final TensorSource source;
  private final List<String[]> signs;

  private BareNames(TensorSource source, Collection<String> signs) {
    this.source = source;
    this.signs = signs.stream().map(sign -> sign.split("\\.")).toList();
  }

  /**
   * Reads no values.
   *
   * @param source an open checkpoint, which the result closes
   * @param signs tensors, of which each model that may be looked for has one
   * @param key what stands before the model's names, without the last dot, or a part of it that no
   *     other model's has; where it is empty, the file has to hold one model
   * @return the model's tensors under its own names; where there is no sign, the names as they are
   * @throws UserError if nothing stands under the key, or several models do
   */
  public static TensorSource of(
      TensorSource source, Collection<String> signs, Optional<String> key) {
    return new BareNames(source, signs).find(key);
  }

  private TensorSource find(Optional<String> key) {
    String given = key.isPresent() ? prefixOf(key.get()) : "";
    NavigableSet<String> prefixes = prefixes(given);
    if (prefixes.isEmpty()) {
      return given.isEmpty() ? source : under(given, prefixes);
    }
    if (prefixes.remove(given)) { // what stands deeper is another model, such as an average
      return under(given, prefixes);
    }
    if (prefixes.size() > 1) {
      throw new UserError(
          "%s holds several models, under the keys %s. Choose one with the weights key"
              .formatted(source.path(), withoutDots(prefixes)));
    }
    return under(prefixes.first(), new TreeSet<>());
  }

  /** What begins with the key, else the one model that has it within what stands before it. */
  private String prefixOf(String key) {
    String prefix = key + ".";
    if (names().anyMatch(name -> name.startsWith(prefix))) {
      return prefix;
    }
    List<String> within =
        prefixes("").stream().filter(model -> model.contains("." + prefix)).toList();
    if (within.size() == 1) {
      return within.get(0);
    }
    throw new UserError(
        "%s: no tensor stands under the weights key '%s'; allowed: %s"
            .formatted(source.path(), key, keys()));
  }

  private Stream<String> names() {
    return Stream.concat(source.names().stream(), source.unread().keySet().stream());
  }

  /** What stands before signs, with the last dot. */
  private NavigableSet<String> prefixes(String given) {
    NavigableSet<String> prefixes = new TreeSet<>();
    names()
        .filter(name -> name.startsWith(given))
        .forEach(name -> signs.forEach(sign -> before(sign, name).ifPresent(prefixes::add)));
    return prefixes;
  }

  /** Compared from the end, where wrappers between the sign's parts are passed over. */
  private static Optional<String> before(String[] sign, String name) {
    int end = name.length();
    for (int i = sign.length - 1; i >= 0; ) {
      if (end < 0) {
        return Optional.empty();
      }
      int dot = name.lastIndexOf('.', end - 1);
      String part = name.substring(dot + 1, end);
      if (part.equals(sign[i])) {
        i--;
      } else if (!WRAPPERS.contains(part)) {
        return Optional.empty();
      }
      end = dot;
    }
    return Optional.of(name.substring(0, end + 1));
  }

  /** The keys that may be chosen: of models, else of anything. */
  private String keys() {
    Set<String> keys = prefixes("");
    keys.remove("");
    if (keys.isEmpty()) {
      names()
          .filter(name -> name.indexOf('.') > 0)
          .forEach(name -> keys.add(name.substring(0, name.indexOf('.') + 1)));
    }
    return keys.isEmpty() ? "none, as no name has a part before it" : withoutDots(keys);
  }

  private static String withoutDots(Collection<String> prefixes) {
    return Printable.list(prefixes.stream().map(p -> p.substring(0, p.length() - 1)).toList());
  }

  private TensorSource under(String prefix, NavigableSet<String> others) {
    // With no prefix within another, the one before a name in the order is the name's, if any is.
    NavigableSet<String> outer = new TreeSet<>();
    for (String other : others) {
      if (outer.isEmpty() || !other.startsWith(outer.last())) {
        outer.add(other);
      }
    }
    Map<String, RenamedSource.Tensor> tensors = new LinkedHashMap<>();
    Map<String, String> unread = new LinkedHashMap<>();
    List<String> leftOut = new ArrayList<>();
    Set<String> wrappers = new LinkedHashSet<>();
    for (String name : source.names()) {
      if (!isUnder(name, prefix, outer)) {
        leftOut.add(name);
        continue;
      }
      TensorInfo info = source.info(name);
      String bare = bare(name, prefix, wrappers);
      TensorInfo renamed = new TensorInfo(bare, info.type(), info.shape());
      if (tensors.put(bare, new RenamedSource.Tensor(renamed, List.of(info), false)) != null) {
        throw new UserError(
            "%s: two tensors are named '%s' without their prefixes and wrappers"
                .formatted(source.path(), Printable.of(bare)));
      }
    }
    source
        .unread()
        .forEach(
            (name, what) -> {
              boolean inside = isUnder(name, prefix, outer);
              unread.put(inside ? bare(name, prefix, wrappers) : name, what);
            });
    List<String> notes = notes(prefix, tensors.size(), wrappers, leftOut);
    return notes.isEmpty() ? source : new RenamedSource(source, tensors, unread, notes);
  }

  private static boolean isUnder(String name, String prefix, NavigableSet<String> others) {
    String other = others.floor(name);
    return name.startsWith(prefix) && (other == null || !name.startsWith(other));
  }

  /** Adds the wrappers that are in it. */
  private static String bare(String name, String prefix, Set<String> wrappers) {
    String rest = name.substring(prefix.length());
    return WRAPPER
        .matcher(rest)
        .replaceAll(
            found -> {
              wrappers.add(found.group());
              return "";
            });
  }

  private static List<String> notes(
      String prefix, int tensors, Set<String> wrappers, List<String> leftOut) {
    List<String> notes = new ArrayList<>();
    if (!prefix.isEmpty()) {
      notes.add(
          "'%s' is taken off the names of %d tensors".formatted(Printable.of(prefix), tensors));
    }
    if (!wrappers.isEmpty()) {
      notes.add("taken out of names: " + String.join(", ", wrappers));
    }
    if (!leftOut.isEmpty()) {
      notes.add(
          "%d tensors that do not belong to it are left out: %s"
              .formatted(leftOut.size(), Printable.list(leftOut)));
    }
    return notes;
  }
}
