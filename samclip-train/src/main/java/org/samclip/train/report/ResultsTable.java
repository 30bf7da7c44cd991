package org.samclip.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;

/**
 * What was kept and what was gained: a row per model, a column per metric, all as shares from 0 to
 * 1. {@code results.json} holds {@code {"rows": [{"model": "...", "metrics": {"point_miou": 0.91,
 * ...}}]}}, with null where a metric does not apply.
 */
public final class ResultsTable {

  /** The columns of a merge: masks from points and boxes, classification, segmentation by text. */
  public static final List<String> MERGE_METRICS =
      List.of("point_miou", "box_miou", "zeroshot_top1", "semantic_miou", "composed_miou");

  /**
   * @param model name
   * @param metrics a value, or null, for each column, in their order
   */
  public record Row(String model, Map<String, Double> metrics) {}

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final List<String> columns;
  private final Map<String, Map<String, Double>> rows = new LinkedHashMap<>();

  /** A table of a merge, empty. */
  public ResultsTable() {
    this(MERGE_METRICS);
  }

  /**
   * An empty table.
   *
   * @param columns names of the metrics
   */
  public ResultsTable(List<String> columns) {
    this.columns = List.copyOf(columns);
  }

  /**
   * Adds a model below the others, or replaces its row in place.
   *
   * @param model name
   * @param metrics values from 0 to 1; columns that are absent or null do not apply
   * @throws IllegalArgumentException for a metric that is no column, or is not from 0 to 1
   */
  public void put(String model, Map<String, Double> metrics) {
    Map<String, Double> row = new LinkedHashMap<>();
    columns.forEach(column -> row.put(column, metrics.get(column)));
    metrics.forEach(
        (name, value) -> {
          if (!columns.contains(name) || (value != null && !(value >= 0 && value <= 1))) {
            throw new IllegalArgumentException(model + ": " + name + " = " + value);
          }
        });
    rows.put(model, row);
  }

  /** Rows in the order they were added. */
  public List<Row> rows() {
    List<Row> list = new ArrayList<>();
    rows.forEach((model, metrics) -> list.add(new Row(model, new LinkedHashMap<>(metrics))));
    return list;
  }

  /** The content of {@code results.json}. */
  public String json() {
    ObjectNode tree = MAPPER.createObjectNode();
    var list = tree.putArray("rows");
    rows.forEach(
        (model, metrics) -> {
          ObjectNode row = list.addObject().put("model", model);
          ObjectNode values = row.putObject("metrics");
          metrics.forEach(values::put);
        });
    try {
      return MAPPER.writeValueAsString(tree) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers is plain data", e);
    }
  }

  /**
   * Writes {@code results.json}, whole or not at all.
   *
   * @throws UserError if the file cannot be written
   */
  public void write(Path file) {
    AtomicFile.writeString(file, json());
  }

  /**
   * Reads a table of a merge back, so that a resumed run goes on with it.
   *
   * @throws UserError if the file is missing or holds something else
   */
  public static ResultsTable read(Path file) {
    try {
      ResultsTable table = new ResultsTable();
      JsonNode tree = MAPPER.readTree(file.toFile());
      for (JsonNode row : tree.path("rows")) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> metric : row.path("metrics").properties()) {
          JsonNode value = metric.getValue();
          if (!value.isNull() && !value.isNumber()) {
            throw new UserError(file + ": " + metric.getKey() + " is " + value + ", not a number");
          }
          metrics.put(metric.getKey(), value.isNull() ? null : value.doubleValue());
        }
        table.put(row.path("model").asText(), metrics);
      }
      return table;
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(file + ": is no table of results: " + e.getMessage(), e);
    }
  }

  /** Aligned text, values in per cent. */
  public String text() {
    List<List<String>> cells = cells("-");
    int[] widths = new int[columns.size() + 1];
    for (List<String> line : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : cells) {
      StringBuilder row = new StringBuilder();
      row.append(line.get(0)).append(" ".repeat(widths[0] - line.get(0).length()));
      for (int i = 1; i < widths.length; i++) {
        row.append("  ").append(" ".repeat(widths[i] - line.get(i).length())).append(line.get(i));
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /** A Markdown table, values in per cent. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    List<List<String>> cells = cells("");
    for (int i = 0; i < cells.size(); i++) {
      text.append("| ").append(String.join(" | ", cells.get(i))).append(" |\n");
      if (i == 0) {
        text.append("|---|").append("---:|".repeat(columns.size())).append('\n');
      }
    }
    return text.toString();
  }

  private List<List<String>> cells(String absent) {
    List<List<String>> cells = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("model"));
    head.addAll(columns);
    cells.add(head);
    rows.forEach(
        (model, metrics) -> {
          List<String> line = new ArrayList<>(List.of(model));
          metrics
              .values()
              .forEach(
                  v -> line.add(v == null ? absent : String.format(Locale.ROOT, "%.1f", v * 100)));
          cells.add(line);
        });
    return cells;
  }
}
