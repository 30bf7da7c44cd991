package org.samclip.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.eval.picture.LineChart;
import org.samclip.eval.picture.PngFile;

/**
 * Draws {@code metrics.jsonl}: of each phase one picture, its losses in training and on held-out
 * images at the left, its skills on the validation sets at the right.
 */
public final class Curves {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String VALIDATION = "val_";
  private static final String LOSS = "loss";

  /** Training losses are means over so many parts of a phase, as single steps are noisy. */
  private static final int PARTS = 60;

  /** Values by the step of the phase. */
  private static final class Series {
    final TreeMap<Long, Double> values = new TreeMap<>();

    LineChart.Line line(String name, boolean smooth) {
      long last = values.lastKey();
      long width = smooth ? Math.max(1, last / PARTS) : 1;
      Map<Long, double[]> means = new TreeMap<>();
      values.forEach(
          (step, value) -> {
            double[] sums = means.computeIfAbsent((step - 1) / width, w -> new double[3]);
            sums[0] += step;
            sums[1] += value;
            sums[2]++;
          });
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      means
          .values()
          .forEach(
              sums -> {
                x.add(sums[0] / sums[2]);
                y.add(sums[1] / sums[2]);
              });
      return new LineChart.Line(name, x, y, !smooth);
    }
  }

  private Curves() {}

  /**
   * Draws every phase that the log knows; nothing on a machine without fonts.
   *
   * @param metrics the log
   * @param folder to which {@code PHASE.png} are written
   * @throws UserError if the log cannot be read or a picture not be written
   */
  public static void write(Path metrics, Path folder) {
    if (!LineChart.isPossible()) {
      return;
    }
    read(metrics)
        .forEach(
            (phase, series) -> PngFile.write(folder.resolve(phase + ".png"), draw(phase, series)));
  }

  private static Map<String, Map<String, Series>> read(Path metrics) {
    Map<String, Map<String, Series>> phases = new LinkedHashMap<>();
    try (BufferedReader lines = Files.newBufferedReader(metrics)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode node = MAPPER.readTree(line);
        Map<String, Series> own =
            phases.computeIfAbsent(node.path("phase").asText(), p -> new LinkedHashMap<>());
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
          if (isDrawn(entry.getKey(), entry.getValue())) {
            own.computeIfAbsent(entry.getKey(), k -> new Series())
                .values
                .put(node.path("stage_step").asLong(), entry.getValue().asDouble());
          }
        }
      }
    } catch (IOException e) {
      throw new UserError(metrics + ": cannot be read: " + e.getMessage(), e);
    }
    return phases;
  }

  private static boolean isDrawn(String name, JsonNode value) {
    boolean loss = name.matches("clip|sam(_[a-z]+)?");
    return value.isNumber()
        && Double.isFinite(value.asDouble())
        && (loss || name.startsWith(VALIDATION));
  }

  private static BufferedImage draw(String phase, Map<String, Series> series) {
    List<LineChart.Line> losses = new ArrayList<>();
    List<LineChart.Line> skills = new ArrayList<>();
    series.forEach(
        (name, values) -> {
          String seen = name.startsWith(VALIDATION) ? name.substring(VALIDATION.length()) : null;
          if (seen == null) {
            losses.add(values.line(name, true));
          } else if (seen.endsWith(LOSS)) {
            losses.add(values.line(seen.replace("_", " ") + ", held out", false));
          } else {
            skills.add(values.line(seen, false));
          }
        });
    List<BufferedImage> charts = new ArrayList<>();
    if (!losses.isEmpty()) {
      charts.add(new LineChart(phase + ": losses", "step", "loss", true, losses).draw());
    }
    if (!skills.isEmpty()) {
      charts.add(new LineChart(phase + ": validation", "step", "share", false, skills).draw());
    }
    return beside(charts);
  }

  private static BufferedImage beside(List<BufferedImage> charts) {
    int width = Math.max(1, charts.stream().mapToInt(BufferedImage::getWidth).sum());
    int height = charts.stream().mapToInt(BufferedImage::getHeight).max().orElse(1);
    BufferedImage all = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = all.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    int x = 0;
    for (BufferedImage chart : charts) {
      graphics.drawImage(chart, x, 0, null);
      x += chart.getWidth();
    }
    graphics.dispose();
    return all;
  }
}
