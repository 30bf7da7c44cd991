package org.samclip.train.recipe;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.samclip.NearestName;
import org.samclip.UserError;

/**
 * Which parameter learns at which rate: a stage's groups resolved against a model's parameters.
 * Every parameter belongs to the first group whose pattern matches its name; one that no group
 * matches, and a group that takes nothing, are errors, so that nothing is frozen or trained by
 * accident.
 */
public final class ParameterTable {

  /** A parameter of the model. */
  public record NamedShape(String name, Shape shape) {}

  /**
   * A parameter with its place.
   *
   * @param name as in the checkpoint
   * @param shape as in the checkpoint
   * @param pattern of the group that took it
   * @param lr learning rate at the top of the schedule; 0 if frozen
   * @param weightDecay decoupled decay; 0 if frozen or exempt
   * @param frozen whether it keeps its value
   */
  public record Entry(
      String name, Shape shape, String pattern, double lr, double weightDecay, boolean frozen) {}

  /**
   * A line of the table: parameters of one group with the same decay.
   *
   * @param group pattern
   * @param tensors how many tensors
   * @param parameters how many numbers in them
   * @param lr learning rate at the top of the schedule
   * @param weightDecay decoupled decay
   * @param frozen whether they keep their values
   */
  public record Row(
      String group, int tensors, long parameters, double lr, double weightDecay, boolean frozen) {}

  private static final int NAMES_IN_MESSAGE = 8;

  private final List<Entry> entries;

  private ParameterTable(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * Resolves the groups of a stage.
   *
   * @param stage the stage
   * @param parameters all parameters of the model, in its order
   * @throws UserError if a parameter is in no group, or a group is without parameters
   */
  public static ParameterTable of(StageSpec stage, List<NamedShape> parameters) {
    List<NamePattern> patterns =
        stage.groups().stream().map(g -> NamePattern.of(g.pattern())).toList();
    List<NamePattern> noDecay = stage.optimizer().noDecay().stream().map(NamePattern::of).toList();
    List<Entry> entries = new ArrayList<>();
    List<String> uncovered = new ArrayList<>();
    Map<Integer, Integer> taken = new HashMap<>();
    for (NamedShape parameter : parameters) {
      int index = first(patterns, parameter.name());
      if (index < 0) {
        uncovered.add(parameter.name());
        continue;
      }
      taken.merge(index, 1, Integer::sum);
      GroupSpec group = stage.groups().get(index);
      // Biases, norm weights and scales have at most one dimension; positions are named.
      boolean decays =
          !group.frozen()
              && parameter.shape().dimension() > 1
              && first(noDecay, parameter.name()) < 0;
      entries.add(
          new Entry(
              parameter.name(),
              parameter.shape(),
              group.pattern(),
              stage.optimizer().lr() * group.rateFactor(),
              decays ? stage.optimizer().weightDecay() : 0,
              group.frozen()));
    }
    if (!uncovered.isEmpty()) {
      throw new UserError(uncoveredMessage(stage, uncovered));
    }
    for (int i = 0; i < patterns.size(); i++) {
      if (!taken.containsKey(i)) {
        throw new UserError(emptyMessage(stage, i, patterns.get(i), parameters));
      }
    }
    return new ParameterTable(entries);
  }

  private static int first(List<NamePattern> patterns, String name) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(name)) {
        return i;
      }
    }
    return -1;
  }

  private static String uncoveredMessage(StageSpec stage, List<String> uncovered) {
    int shown = Math.min(NAMES_IN_MESSAGE, uncovered.size());
    String more = uncovered.size() > shown ? " and " + (uncovered.size() - shown) + " more" : "";
    return "'stages."
        + stage.name()
        + ".groups' leaves out "
        + String.join(", ", uncovered.subList(0, shown))
        + more
        + "; every parameter must match a pattern. Add a group, such as {pattern: \""
        + uncovered.get(0).split("\\.")[0]
        + ".*\", frozen: true}";
  }

  private static String emptyMessage(
      StageSpec stage, int index, NamePattern pattern, List<NamedShape> parameters) {
    boolean shadowed = parameters.stream().anyMatch(p -> pattern.matches(p.name()));
    String where =
        "'stages." + stage.name() + ".groups." + (index + 1) + ".pattern' is '" + pattern;
    if (shadowed) {
      return where + "', but groups before it take all its parameters; put it further up";
    }
    Set<String> roots = new LinkedHashSet<>();
    parameters.forEach(p -> roots.add(p.name().split("\\.")[0] + ".*"));
    return where
        + "' and matches no parameter."
        + NearestName.hint(pattern.toString(), roots)
        + " Parameters: "
        + String.join(", ", roots);
  }

  /** Every parameter, in the model's order. */
  public List<Entry> entries() {
    return entries;
  }

  /** Numbers that learn. */
  public long trainable() {
    return entries.stream().filter(e -> !e.frozen()).mapToLong(e -> e.shape().size()).sum();
  }

  /** One row for each group and decay, in order of first appearance. */
  public List<Row> rows() {
    Map<List<Object>, Row> rows = new LinkedHashMap<>();
    for (Entry e : entries) {
      rows.merge(
          List.of(e.pattern(), e.weightDecay()),
          new Row(e.pattern(), 1, e.shape().size(), e.lr(), e.weightDecay(), e.frozen()),
          (a, b) ->
              new Row(
                  a.group(),
                  a.tensors() + b.tensors(),
                  a.parameters() + b.parameters(),
                  a.lr(),
                  a.weightDecay(),
                  a.frozen()));
    }
    return List.copyOf(rows.values());
  }

  /** The rows as aligned text with a head and a sum, each line ended. */
  public String text() {
    List<Row> rows = rows();
    int width = Math.max(5, rows.stream().mapToInt(r -> r.group().length()).max().orElse(0));
    String form = "%-" + width + "s  %7s  %13s  %8s  %6s  %s";
    StringBuilder text = new StringBuilder();
    text.append(line(form, "group", "tensors", "parameters", "lr", "decay", "frozen"));
    for (Row r : rows) {
      text.append(
          line(
              form,
              r.group(),
              r.tensors(),
              String.format(Locale.ROOT, "%,d", r.parameters()),
              r.frozen() ? "-" : String.format(Locale.ROOT, "%.2g", r.lr()),
              r.frozen() ? "-" : String.format(Locale.ROOT, "%.2g", r.weightDecay()),
              r.frozen() ? "yes" : "no"));
    }
    long all = entries.stream().mapToLong(e -> e.shape().size()).sum();
    text.append(String.format(Locale.ROOT, "%,d of %,d parameters learn", trainable(), all))
        .append('\n');
    return text.toString();
  }

  private static String line(String form, Object... cells) {
    return String.format(Locale.ROOT, form, cells).stripTrailing() + "\n";
  }
}
