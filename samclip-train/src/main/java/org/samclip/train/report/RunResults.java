package org.samclip.train.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.Measurement;
import org.samclip.train.recipe.Recipe;

/**
 * The rows that a run has measured so far, on disk: {@code results.json} and of each row the scores
 * of every image, {@code scores/ROW.json.gz}. The scores are written first, so a row of the table
 * always has them; what a crash leaves between the two is measured again.
 */
public final class RunResults {

  private final Recipe recipe;
  private final Path table;
  private final Path scores;
  private final List<String> first;
  private final Map<String, Map<String, Measurement>> rows = new LinkedHashMap<>();
  private final List<Column> columns;
  private final Map<String, RowScores> teachers = new HashMap<>();

  /**
   * What was measured before.
   *
   * @param recipe of the run
   * @param table the file of the table, which need not exist
   * @param scores the folder of the scores
   * @param first rows that stand above all others, in this order
   * @throws org.samclip.UserError if the file is no table
   */
  public RunResults(Recipe recipe, Path table, Path scores, List<String> first) {
    this.recipe = recipe;
    this.table = table;
    this.scores = scores;
    this.first = List.copyOf(first);
    this.columns = Column.of(recipe.evaluation());
    if (Files.exists(table)) {
      ResultsTable.read(table).rows().forEach(row -> rows.put(row.model(), row.metrics()));
    }
  }

  /**
   * Reads what a run has measured.
   *
   * @param table the file of the table
   * @param scores the folder of the scores
   * @param rows names of the rows that are wanted; empty: all
   * @return the scores of each row, in the order of the table
   * @throws UserError if a file is missing or damaged, or there is no such row
   */
  public static List<RowScores> read(Path table, Path scores, List<String> rows) {
    List<String> measured =
        ResultsTable.read(table).rows().stream().map(ResultsTable.Row::model).toList();
    for (String row : rows) {
      if (!measured.contains(row)) {
        throw new UserError("rows: " + table + " has no row " + row + "; allowed: " + measured);
      }
    }
    return measured.stream()
        .filter(row -> rows.isEmpty() || rows.contains(row))
        .map(row -> ScoresFile.read(scores.resolve(row + ScoresFile.SUFFIX)))
        .toList();
  }

  /**
   * @param row name of a row
   * @return whether it is measured
   */
  public boolean has(String row) {
    return rows.containsKey(row);
  }

  /**
   * Adds a row and writes everything. The shares of the teachers' skills that it has kept come with
   * it, of teachers that are measured.
   *
   * @param row name of the row
   * @param metrics by name; one with nothing to measure, such as a class that no image shows, is
   *     null in the table
   * @throws org.samclip.UserError if a file cannot be written
   */
  public void put(String row, Map<String, ImageScores> metrics) {
    Map<String, Measurement> measured = new LinkedHashMap<>();
    metrics.forEach(
        (name, found) ->
            measured.put(name, Double.isNaN(found.value()) ? null : Bootstrap.measure(found)));
    for (Column column : columns) {
      kept(row, column, metrics).ifPresent(share -> measured.put(column.name(), share));
    }
    Map<String, Column.Shown> shown = new LinkedHashMap<>();
    columns.forEach(column -> shown.put(column.name(), column.shown()));
    ScoresFile.write(
        scores.resolve(row + ScoresFile.SUFFIX),
        new RowScores(row, recipe.name(), recipe.hashOfAnySeed(), recipe.seed(), metrics, shown));
    rows.put(row, measured);
    table().write(table);
  }

  private Optional<Measurement> kept(String row, Column column, Map<String, ImageScores> metrics) {
    if (column.keptOf() == null || !metrics.containsKey(column.keptOf())) {
      return Optional.empty();
    }
    String teacher = Column.teacherRow(column.teacher());
    if (row.equals(teacher) || !rows.containsKey(teacher)) {
      return Optional.empty();
    }
    ImageScores own = metrics.get(column.keptOf());
    ImageScores other =
        teachers
            .computeIfAbsent(teacher, t -> ScoresFile.read(scores.resolve(t + ScoresFile.SUFFIX)))
            .metrics()
            .get(column.teacherColumn());
    // A skill that a teacher does not have, or that nothing shows, leaves nothing to keep.
    return other == null || !(other.value() > 0) || Double.isNaN(own.value())
        ? Optional.empty()
        : Optional.of(Bootstrap.ratio(own, other));
  }

  /**
   * @return all rows measured so far
   */
  public ResultsTable table() {
    List<String> order = new ArrayList<>(first);
    rows.keySet().stream().filter(row -> !order.contains(row)).forEach(order::add);
    ResultsTable sorted = new ResultsTable(columns);
    order.stream().filter(rows::containsKey).forEach(row -> sorted.put(row, rows.get(row)));
    return sorted;
  }
}
