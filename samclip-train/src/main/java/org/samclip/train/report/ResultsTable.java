package org.samclip.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.eval.metric.Measurement;

/**
 * What was kept and what was gained: a row per model, a column per metric. {@code results.json}
 * holds {@code {"rows": [{"model": "...", "metrics": {"point_miou": {"value": 0.91, "n": 408,
 * "low": 0.89, "high": 0.92}, ...}}]}}, with null where a metric does not apply to a model or was
 * not measured. Shares are from 0 to 1, intervals are 95 %, see {@link
 * org.samclip.eval.metric.Bootstrap}.
 */
public final class ResultsTable {

  /**
   * The metrics of a merge. Every row of {@code results.json} has them all, and then those of
   * further resolutions, which are called {@code NAME_SIDE}.
   *
   * <ul>
   *   <li>{@code point_miou}, {@code box_miou}: mean IoU with the objects' true masks, given a
   *       point or a box
   *   <li>{@code teacher_iou}: mean IoU with the SAM teacher's single masks, points and boxes
   *       together; {@code logit_ratio}: mean |mask logit| / the teacher's; {@code stability}: mean
   *       stability score. The first two do not apply to the teacher itself, where they are 1
   *   <li>{@code clip_cosine}: mean cosine with the CLIP teacher's image embeddings; does not apply
   *       to the teacher itself, where it is 1
   *   <li>{@code zeroshot_top1}: images of the classes that training shows, named among all; {@code
   *       heldout_top1}: images of those that it does not show, named among all
   *   <li>{@code semantic_miou}, {@code composed_miou}: mean IoU of label maps by the CLIP head
   *       alone and by both heads, background counted; {@code ..._fg_miou}: background excluded;
   *       {@code heldout_..._miou}: mean over the classes that training does not show, background
   *       counted
   * </ul>
   */
  public static final List<String> METRICS =
      List.of(
          "point_miou",
          "box_miou",
          "teacher_iou",
          "logit_ratio",
          "stability",
          "clip_cosine",
          "zeroshot_top1",
          "heldout_top1",
          "semantic_miou",
          "composed_miou",
          "semantic_fg_miou",
          "composed_fg_miou",
          "heldout_semantic_miou",
          "heldout_composed_miou");

  /** What {@link #text} shows, so that it fits a terminal. */
  static final List<String> MAIN =
      List.of(
          "point_miou",
          "box_miou",
          "teacher_iou",
          "logit_ratio",
          "zeroshot_top1",
          "heldout_top1",
          "semantic_miou",
          "composed_miou");

  private static final Pattern FURTHER = Pattern.compile("([a-z0-9_]+)_([0-9]{1,4})");

  /** As the names of baselines and stages. */
  private static final Pattern MODEL = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

  /**
   * @param model name
   * @param metrics a measurement, or null, for each column, in their order
   */
  public record Row(String model, Map<String, Measurement> metrics) {}

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final ObjectMapper LINE = new ObjectMapper();

  private final Map<String, Map<String, Measurement>> rows = new LinkedHashMap<>();

  /**
   * Adds a model below the others, or replaces its row in place.
   *
   * @param model name
   * @param metrics what was measured; what is absent or null does not apply
   * @throws IllegalArgumentException for a metric that is none of {@link #METRICS}, alone or with a
   *     resolution, or a model that could not be a file's name
   */
  public void put(String model, Map<String, Measurement> metrics) {
    if (!MODEL.matcher(model).matches()) {
      throw new IllegalArgumentException("a model is called '" + model + "'");
    }
    metrics
        .keySet()
        .forEach(
            name -> {
              if (!isMetric(name)) {
                throw new IllegalArgumentException(model + ": no metric is called " + name);
              }
            });
    rows.put(model, new LinkedHashMap<>(metrics));
  }

  private static boolean isMetric(String name) {
    Matcher further = FURTHER.matcher(name);
    return METRICS.contains(name) || further.matches() && METRICS.contains(further.group(1));
  }

  /**
   * @return the metrics of a merge, then those of further resolutions in the order in which rows
   *     have them
   */
  public List<String> columns() {
    Set<String> columns = new LinkedHashSet<>(METRICS);
    rows.values().forEach(row -> columns.addAll(row.keySet()));
    return List.copyOf(columns);
  }

  /** Rows in the order they were added. */
  public List<Row> rows() {
    List<String> columns = columns();
    List<Row> list = new ArrayList<>();
    rows.forEach(
        (model, metrics) -> {
          Map<String, Measurement> all = new LinkedHashMap<>();
          columns.forEach(column -> all.put(column, metrics.get(column)));
          list.add(new Row(model, all));
        });
    return list;
  }

  /** The content of {@code results.json}. */
  public String json() {
    ObjectNode tree = MAPPER.createObjectNode();
    ArrayNode list = tree.putArray("rows");
    try {
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
      ResultsTable table = new ResultsTable();
      JsonNode tree = MAPPER.readTree(file.toFile());
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
    List<String> columns = present(MAIN);
    return TextTable.aligned("model", columns, lines(columns, "-"));
  }

  /** All columns but those of further resolutions as a Markdown table; digits as in the text. */
  public String markdown() {
    List<String> columns = present(METRICS);
    return TextTable.markdown("model", columns, lines(columns, ""));
  }

  private List<String> present(List<String> columns) {
    return columns.stream()
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
