package org.samclip.train.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.samclip.UserError;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.Measurement;

/**
 * Rows of one or several runs against one of them, image by image. Rows that have the name and the
 * recipe in common but for its seed are one row here, see {@link ComparedRow.Cell} for what is
 * computed of them; the seeds of the two sides of a difference need not be the same.
 *
 * @param reference the row that the others are compared with
 * @param metrics that were asked for; empty: all that the rows have
 * @param rows all rows, the reference among them, in the order in which they were given
 * @param shown where the metrics of the rows are shown
 */
public record Comparison(
    String reference,
    List<String> metrics,
    List<ComparedRow> rows,
    @JsonIgnore Map<String, Column.Shown> shown) {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** Copies the lists. */
  public Comparison {
    metrics = List.copyOf(metrics);
    rows = List.copyOf(rows);
    shown = Collections.unmodifiableMap(new LinkedHashMap<>(shown));
  }

  /** The same row of several seeds. */
  private record Group(String model, String recipe, String label, List<RowScores> seeds) {

    /** The scores of each seed; empty unless all have measured the metric. */
    List<ImageScores> scores(String metric) {
      List<ImageScores> scores = new ArrayList<>();
      for (RowScores row : seeds) {
        ImageScores one = row.metrics().get(metric);
        if (one == null || Double.isNaN(one.value())) {
          return List.of();
        }
        scores.add(one);
      }
      return scores;
    }
  }

  /**
   * Compares rows.
   *
   * @param scores the rows, at least one
   * @param against name of the reference: that of a row, of the recipe given first if several have
   *     it, or {@code RUN/ROW} as the result calls it; null for the last row of the recipe given
   *     first, which is its last stage
   * @param wanted metrics to compare; empty for all
   * @return the comparison
   * @throws UserError if the reference or a metric is not among them, a row is given twice, or a
   *     metric was measured on different images
   */
  public static Comparison of(List<RowScores> scores, String against, List<String> wanted) {
    requirePresent(scores, wanted);
    List<Group> groups = groups(scores);
    Group reference = reference(groups, against);
    List<ComparedRow> rows = new ArrayList<>();
    for (Group group : groups) {
      Map<String, ComparedRow.Cell> metrics = new LinkedHashMap<>();
      for (String metric : group.seeds.get(0).metrics().keySet()) {
        List<ImageScores> own = group.scores(metric);
        if (!own.isEmpty() && (wanted.isEmpty() || wanted.contains(metric))) {
          metrics.put(metric, cell(metric, group, own, reference));
        }
      }
      rows.add(
          new ComparedRow(
              group.label, group.seeds.stream().map(RowScores::seed).toList(), metrics));
    }
    return new Comparison(reference.label, wanted, rows, shown(scores));
  }

  /** In the order of the row that has most of them. */
  private static Map<String, Column.Shown> shown(List<RowScores> scores) {
    Map<String, Column.Shown> shown = new LinkedHashMap<>();
    scores.stream()
        .sorted(Comparator.comparingInt(row -> -row.shown().size()))
        .forEach(row -> row.shown().forEach(shown::putIfAbsent));
    return shown;
  }

  private static void requirePresent(List<RowScores> scores, List<String> wanted) {
    Set<String> present =
        scores.stream().flatMap(row -> row.metrics().keySet().stream()).collect(Collectors.toSet());
    for (String metric : wanted) {
      if (!present.contains(metric)) {
        throw new UserError(
            "metrics: no row has '"
                + metric
                + "'; allowed: "
                + present.stream().sorted().collect(Collectors.joining(", ")));
      }
    }
  }

  private static List<Group> groups(List<RowScores> scores) {
    Map<String, List<RowScores>> byRow =
        scores.stream()
            .collect(
                Collectors.groupingBy(
                    row -> row.recipe() + "/" + row.model(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    Map<String, Set<String>> recipesOfRun =
        scores.stream()
            .collect(
                Collectors.groupingBy(
                    RowScores::run, Collectors.mapping(RowScores::recipe, Collectors.toSet())));
    boolean oneRecipe = scores.stream().map(RowScores::recipe).distinct().count() == 1;
    List<Group> groups = new ArrayList<>();
    byRow
        .values()
        .forEach(
            seeds -> {
              RowScores first = seeds.get(0);
              requireDistinctSeeds(seeds);
              // Recipes that were changed on the command line have the name in common.
              String run =
                  recipesOfRun.get(first.run()).size() == 1
                      ? first.run()
                      : first.run() + "@" + first.recipe().substring(0, 6);
              String label = oneRecipe ? first.model() : run + "/" + first.model();
              groups.add(new Group(first.model(), first.recipe(), label, seeds));
            });
    return groups;
  }

  private static void requireDistinctSeeds(List<RowScores> seeds) {
    Set<Long> seen = new HashSet<>();
    for (RowScores row : seeds) {
      if (!seen.add(row.seed())) {
        throw new UserError(
            row.model()
                + " of "
                + row.run()
                + " with seed "
                + row.seed()
                + " is given twice; give each run once, and runs of one recipe with different"
                + " seeds");
      }
    }
  }

  private static Group reference(List<Group> groups, String against) {
    Group reference = null;
    for (Group group : groups) {
      boolean named = group.label.equals(against) || group.model.equals(against);
      boolean ofFirstRecipe = group.recipe.equals(groups.get(0).recipe);
      if (against == null ? ofFirstRecipe : named && reference == null) {
        reference = group;
      }
    }
    if (reference == null) {
      throw new UserError(
          "against: no row "
              + against
              + "; allowed: "
              + groups.stream().map(Group::label).collect(Collectors.joining(", ")));
    }
    return reference;
  }

  @SuppressWarnings("ReferenceEquality") // is it the reference itself?
  private static ComparedRow.Cell cell(
      String metric, Group group, List<ImageScores> own, Group reference) {
    requireSameImages(metric, group, own, group, own);
    List<ImageScores> others = group == reference ? List.of() : reference.scores(metric);
    requireSameImages(metric, group, own, reference, others);
    return new ComparedRow.Cell(
        Bootstrap.mean(own),
        spread(own),
        others.isEmpty() ? null : Bootstrap.difference(own, others));
  }

  private static void requireSameImages(
      String metric, Group group, List<ImageScores> own, Group other, List<ImageScores> others) {
    List<String> images = own.get(0).images();
    for (ImageScores one : others) {
      if (!one.images().equals(images)) {
        throw new UserError(
            "%s: %s was measured on %d images and %s on %d, which are not the same; compare runs on"
                    .formatted(metric, group.label, images.size(), other.label, one.images().size())
                + " one evaluation set with one evaluation.max_images, or choose other metrics");
      }
    }
  }

  private static Double spread(List<ImageScores> seeds) {
    if (seeds.size() == 1) {
      return null;
    }
    double[] values = seeds.stream().mapToDouble(ImageScores::value).toArray();
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(squares / (values.length - 1));
  }

  /**
   * @return the rows and their differences as aligned text, in per cent and points: the metrics
   *     that were asked for, else the main ones
   */
  public String text() {
    List<String> columns = columns(Set.of(Column.Shown.MAIN));
    return tables(cells -> TextTable.aligned("model", columns, cells), columns, "-");
  }

  /**
   * @return the same as Markdown: the metrics that were asked for, else all but those of further
   *     resolutions
   */
  public String markdown() {
    List<String> columns = columns(Set.of(Column.Shown.MAIN, Column.Shown.TABLE));
    return tables(cells -> TextTable.markdown("model", columns, cells), columns, "");
  }

  private List<String> columns(Set<Column.Shown> places) {
    return metrics.isEmpty()
        ? shown.keySet().stream()
            .filter(metric -> places.contains(shown.get(metric)))
            .filter(metric -> rows.stream().anyMatch(row -> row.metrics().containsKey(metric)))
            .toList()
        : metrics;
  }

  private String tables(
      Function<List<List<String>>, String> layout, List<String> columns, String absent) {
    boolean seeds = rows.stream().anyMatch(row -> row.seeds().size() > 1);
    String values =
        "In per cent, with half the 95 % interval over images"
            + (seeds ? "; mean over seeds, s: standard deviation over seeds" : "")
            + "\n\n"
            + layout.apply(lines(columns, absent, Comparison::value));
    if (rows.size() == 1) {
      return values;
    }
    List<List<String>> differences = lines(columns, absent, Comparison::difference);
    differences.remove(rows.stream().map(ComparedRow::model).toList().indexOf(reference));
    return values
        + "\nDifference to "
        + reference
        + " in points, with half the 95 % interval paired over images; *: it leaves out 0\n\n"
        + layout.apply(differences);
  }

  private List<List<String>> lines(
      List<String> columns, String absent, Function<ComparedRow.Cell, String> shown) {
    List<List<String>> lines = new ArrayList<>();
    for (ComparedRow row : rows) {
      int runs = row.seeds().size();
      List<String> line =
          new ArrayList<>(List.of(row.model() + (runs == 1 ? "" : " (" + runs + " seeds)")));
      for (String column : columns) {
        ComparedRow.Cell cell = row.metrics().get(column);
        String text = cell == null ? null : shown.apply(cell);
        line.add(text == null ? absent : text);
      }
      lines.add(line);
    }
    return lines;
  }

  private static String value(ComparedRow.Cell cell) {
    return Rounded.percent(cell.value())
        + (cell.spread() == null ? "" : " s" + Rounded.uncertainty(cell.spread()));
  }

  private static String difference(ComparedRow.Cell cell) {
    Measurement difference = cell.difference();
    return difference == null
        ? null
        : Rounded.signed(difference) + (difference.excludesZero() ? "*" : "");
  }

  /**
   * @return everything: of each row its seeds and of each metric value, spread and difference
   */
  public String json() {
    try {
      return JSON.writeValueAsString(this) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of texts and numbers are always JSON", e);
    }
  }
}
