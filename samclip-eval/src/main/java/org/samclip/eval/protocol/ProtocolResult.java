package org.samclip.eval.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.samclip.eval.metric.Measurement;

/**
 * What a {@link ProtocolRun} found.
 *
 * @param model file of the model
 * @param kind of the model
 * @param task what was measured
 * @param data what it was measured on
 * @param values by name: a {@link Measurement} of each metric, the main one first, then counts
 * @param classIou IoU of each class, null for one that does not occur; empty for other tasks
 */
public record ProtocolResult(
    String model,
    String kind,
    ProtocolRun.Task task,
    String data,
    Map<String, Object> values,
    Map<String, Double> classIou) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Copies the maps in their order. */
  public ProtocolResult {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    classIou = Collections.unmodifiableMap(new LinkedHashMap<>(classIou));
  }

  /**
   * @return lines of a name and a value in aligned columns; classes that do not occur are left out
   */
  public String text() {
    Map<String, Object> lines = new LinkedHashMap<>();
    lines.put("model", model + " (" + kind + ")");
    lines.put("task", taskName());
    lines.put("data", data);
    lines.putAll(values);
    classIou.forEach(
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
   * @return the same as JSON; a metric is {@code {"value", "n", "low", "high"}}
   */
  public String json() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("model", model);
    tree.put("kind", kind);
    tree.put("task", taskName());
    tree.put("data", data);
    tree.put("metrics", values);
    if (!classIou.isEmpty()) {
      tree.put("class_iou", classIou);
    }
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps of numbers and texts are always JSON", e);
    }
  }

  private String taskName() {
    return task.name().toLowerCase(Locale.ROOT);
  }
}
