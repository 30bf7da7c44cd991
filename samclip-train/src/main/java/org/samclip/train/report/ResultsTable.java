package org.samclip.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.eval.metric.Measurement;

/**
 * What was kept and what was gained: a row per model, a column per metric. {@code results.json}
 * holds {@code {"columns": {"point_miou": {"protocol": "instance", "side": 1024, ...}, ...},
 * "rows": [{"model": "...", "metrics": {"point_miou": {"value": 0.91, "n": 408, "low": 0.89,
 * "high": 0.92}, ...}}]}}, with null where a metric does not apply to a model or was not measured.
 * Shares are from 0 to 1, intervals are 95 %, see {@link org.samclip.eval.metric.Bootstrap}.
 */
public final class ResultsTable {

  /** As the names of baselines and stages. */
  private static final Pattern MODEL = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

  /**
   * @param model name
   * @param metrics a measurement, or null, for each column, in their order
   */
  public record Row(String model, Map<String, Measurement> metrics) {}

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final ObjectMapper LINE =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private final Map<String, Column> columns = new LinkedHashMap<>();
  private final Map<String, Map<String, Measurement>> rows = new LinkedHashMap<>();

  /**
   * An empty table.
   *
   * @param columns in their order
   * @throws UserError if two have the same name
   */
  public ResultsTable(List<Column> columns) {
    for (Column column : columns) {
      if (this.columns.put(column.name(), column) != null) {
        throw new UserError(
            "evaluation.protocols: two columns are called "
                + column.name()
                + "; give the entry "
                + column.entry()
                + " another name");
      }
    }
  }

  /**
   * Adds a model below the others, or replaces its row in place.
   *
   * @param model name
   * @param metrics what was measured; what is absent or null does not apply
   * @throws IllegalArgumentException for a metric that has no column, or a model that could not be
   *     a file's name
   */
  public void put(String model, Map<String, Measurement> metrics) {
    if (!MODEL.matcher(model).matches()) {
      throw new IllegalArgumentException("a model is called '" + model + "'");
    }
    metrics
        .keySet()
        .forEach(
            name -> {
              if (!columns.containsKey(name)) {
                throw new IllegalArgumentException(model + ": no column is called " + name);
              }
            });
    rows.put(model, new LinkedHashMap<>(metrics));
  }

  /**
   * @return the columns in their order
   */
  public List<Column> columns() {
    return List.copyOf(columns.values());
  }

  /** Rows in the order they were added. */
  public List<Row> rows() {
    List<Row> list = new ArrayList<>();
    rows.forEach(
        (model, metrics) -> {
          Map<String, Measurement> all = new LinkedHashMap<>();
          columns.keySet().forEach(column -> all.put(column, metrics.get(column)));
          list.add(new Row(model, all));
        });
    return list;
  }

  /** The content of {@code results.json}. */
  public String json() {
    ObjectNode tree = MAPPER.createObjectNode();
    ObjectNode head = tree.putObject("columns");
    ArrayNode list = tree.putArray("rows");
    try {
      for (Column column : columns.values()) {
        head.putRawValue(column.name(), new RawValue(LINE.writeValueAsString(column)));
      }
      for (Row row : rows()) {
        ObjectNode values = list.addObject().put("model", row.model()).putObject("metrics");
        for (Map.Entry<String, Measurement> metric : row.metrics().entrySet()) {
          // A line for each, for those who read the file.
          String line = LINE.writeValueAsString(metric.getValue());
          values.putRawValue(metric.getKey(), new RawValue(line));
        }
      }
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
   * Reads a table back, so that a resumed run goes on with it.
   *
   * @throws UserError if the file is missing or holds something else
   */
  public static ResultsTable read(Path file) {
    try {
      JsonNode tree = MAPPER.readTree(file.toFile());
      List<Column> columns = new ArrayList<>();
      for (JsonNode column : tree.path("columns")) {
        columns.add(LINE.treeToValue(column, Column.class));
      }
      ResultsTable table = new ResultsTable(columns);
      for (JsonNode row : tree.path("rows")) {
        Map<String, Measurement> metrics = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> metric : row.path("metrics").properties()) {
          JsonNode value = metric.getValue();
          metrics.put(
              metric.getKey(),
              value.isNull() ? null : MAPPER.treeToValue(value, Measurement.class));
        }
        table.put(row.path("model").asText(), metrics);
      }
      return table;
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(file + ": is no table of results: " + e.getMessage(), e);
    }
  }

  /**
   * The main columns as aligned text, in per cent, with half the width of the interval and no digit
   * that it does not support. A column without any value is left out.
   */
  public String text() {
    List<String> columns = present(Set.of(Column.Shown.MAIN));
    return TextTable.aligned("model", columns, lines(columns, "-"));
  }

  /** All columns but those of further resolutions as a Markdown table; digits as in the text. */
  public String markdown() {
    List<String> columns = present(Set.of(Column.Shown.MAIN, Column.Shown.TABLE));
    return TextTable.markdown("model", columns, lines(columns, ""));
  }

  private List<String> present(Set<Column.Shown> shown) {
    return columns.values().stream()
        .filter(column -> shown.contains(column.shown()))
        .map(Column::name)
        .filter(column -> rows.values().stream().anyMatch(row -> row.get(column) != null))
        .toList();
  }

  private List<List<String>> lines(List<String> columns, String absent) {
    List<List<String>> lines = new ArrayList<>();
    rows.forEach(
        (model, metrics) -> {
          List<String> line = new ArrayList<>(List.of(model));
          for (String column : columns) {
            Measurement value = metrics.get(column);
            line.add(value == null ? absent : Rounded.percent(value));
          }
          lines.add(line);
        });
    return lines;
  }
}
