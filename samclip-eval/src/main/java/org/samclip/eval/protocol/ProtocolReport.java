package org.samclip.eval.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.Measurement;

/**
 * What a protocol found of a model in a file, to be read.
 *
 * @param model file of the model
 * @param kind of the model
 * @param data what it was measured on
 * @param choice the protocol, with all of its options
 * @param result what was found
 */
public record ProtocolReport(
    String model, String kind, String data, ProtocolChoice<?> choice, ProtocolResult result) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Metrics in the protocol's order, then counts. */
  private Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    result.metrics().forEach((name, scores) -> values.put(name, measured(scores)));
    values.putAll(result.counts());
    return values;
  }

  /** Null where there is nothing to measure, such as a class that no image shows. */
  private static Measurement measured(ImageScores scores) {
    return Double.isNaN(scores.value()) ? null : Bootstrap.measure(scores);
  }

  /**
   * @return lines of a name and a value in aligned columns; classes that do not occur are left out
   */
  public String text() {
    Map<String, Object> lines = new LinkedHashMap<>();
    lines.put("model", model + " (" + kind + ")");
    lines.put("task", choice.protocol().name());
    lines.put("data", data);
    lines.putAll(values());
    result
        .classIou()
        .forEach(
            (name, iou) -> {
              if (iou != null) {
                lines.put("iou " + name, iou);
              }
            });
    int width = lines.keySet().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder text = new StringBuilder();
    lines.forEach(
        (name, value) ->
            text.append(name)
                .append(" ".repeat(width - name.length() + 2))
                .append(shown(value))
                .append('\n'));
    return text.toString();
  }

  private static String shown(Object value) {
    if (value == null) {
      return "-";
    }
    if (value instanceof Measurement m) {
      return String.format(
          Locale.ROOT, "%.4f  (n %d, 95 %%: %.4f to %.4f)", m.value(), m.n(), m.low(), m.high());
    }
    return value instanceof Double ratio
        ? String.format(Locale.ROOT, "%.4f", ratio)
        : value.toString();
  }

  /**
   * @return the same as JSON, with all options; a metric is {@code {"value", "n", "low", "high"}}
   */
  public String json() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("model", model);
    tree.put("kind", kind);
    tree.put("task", choice.protocol().name());
    tree.put("options", choice.tree());
    tree.put("data", data);
    tree.put("metrics", values());
    if (!result.classIou().isEmpty()) {
      tree.put("class_iou", result.classIou());
    }
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps of numbers and texts are always JSON", e);
    }
  }
}
