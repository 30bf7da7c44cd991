package org.samclip.eval.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.picture.Legend;
import org.samclip.eval.picture.Overlay;
import org.samclip.eval.picture.Palette;
import org.samclip.eval.picture.PngFile;
import org.samclip.eval.predict.DrawnMask;
import org.samclip.eval.predict.ImagePrediction;
import org.samclip.eval.predict.MaskPrompt;
import org.samclip.eval.predict.TextAnswer;

/**
 * A prediction as files: {@code points-1.png}, {@code box-1.png}, {@code text-1-cat.png} (255
 * inside the mask), {@code overlay.png}, {@code arrays.safetensors}, and last {@code
 * prediction.json}, which names the others. Each is whole or absent.
 *
 * <p>{@code arrays.safetensors} holds the arrays of {@link ImagePrediction#arrays} and {@code
 * mask_logits} [N, 4 h, 4 w], the masks before the threshold, in the frame of the padded square
 * input; {@code logits_row} in the JSON says which is whose.
 *
 * @param folder where they go; made if it is missing
 */
public record PredictionFiles(Path folder) {

  private static final String OVERLAY = "overlay.png";
  private static final String ARRAYS = "arrays.safetensors";
  private static final String SUMMARY = "prediction.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Smaller images are enlarged, so that one can see something. */
  private static final int SMALLEST_OVERLAY = 384;

  /** Larger images are shrunk: a picture of 50 megapixels needs a gigabyte to be painted. */
  private static final int LARGEST_OVERLAY = 2048;

  private static final int NAME_LENGTH = 40;

  /**
   * Checks early what would fail late.
   *
   * @throws UserError if nothing can be written there
   */
  public PredictionFiles {
    Path existing = folder.toAbsolutePath().normalize();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null || !Files.isDirectory(existing)) {
      throw new UserError(folder + ": not a folder: " + existing + " is a file; choose another");
    }
    if (!Files.isWritable(existing)) {
      throw new UserError(folder + ": " + existing + " cannot be written; choose another folder");
    }
  }

  /** A mask and what it is called. */
  private record Named(String file, String label, LabelMap mask, MaskPrompt prompt, Color colour) {}

  /**
   * Writes all files.
   *
   * @param image what was asked about
   * @param prediction the answers
   * @return the summary, as in {@code prediction.json}
   * @throws UserError if a file cannot be written
   */
  public String write(RgbImage image, ImagePrediction prediction) {
    List<Named> named = new ArrayList<>();
    List<float[]> logits = new ArrayList<>();
    ObjectNode summary = JSON.createObjectNode();
    summary.put("width", image.width()).put("height", image.height());
    addMasks(prediction.masks(), named, logits, summary.putArray("masks"));
    addTexts(prediction.texts(), named, logits, summary.putArray("texts"));
    for (Named one : named) {
      PngFile.write(folder.resolve(one.file()), one.mask());
    }
    PngFile.write(folder.resolve(OVERLAY), overlay(image, named));
    writeArrays(prediction, logits);
    summary.put("overlay", OVERLAY).put("arrays", ARRAYS);
    String text = text(summary);
    AtomicFile.writeString(folder.resolve(SUMMARY), text + "\n");
    return text;
  }

  private static void addMasks(
      List<DrawnMask> masks, List<Named> named, List<float[]> logits, ArrayNode list) {
    int points = 0;
    int boxes = 0;
    for (DrawnMask mask : masks) {
      boolean isBox = mask.prompt() instanceof MaskPrompt.Box;
      String name = isBox ? "box-" + ++boxes : "points-" + ++points;
      Color colour = Palette.colour(named.size());
      named.add(new Named(name + ".png", name, mask.mask(), mask.prompt(), colour));
      ObjectNode entry = list.addObject();
      entry.put("file", name + ".png");
      describe(mask.prompt(), entry);
      entry.put("predicted_iou", mask.predictedIou());
      entry.put("area", area(mask.mask()));
      entry.put("logits_row", logits.size());
      logits.add(mask.logits());
    }
  }

  private static void describe(MaskPrompt prompt, ObjectNode entry) {
    if (prompt instanceof MaskPrompt.Box box) {
      entry.putArray("box").add(box.x0()).add(box.y0()).add(box.x1()).add(box.y1());
    } else {
      ArrayNode points = entry.putArray("points");
      for (MaskPrompt.Point point : ((MaskPrompt.Points) prompt).points()) {
        points.addArray().add(point.x()).add(point.y()).add(point.foreground() ? 1 : 0);
      }
    }
  }

  private static void addTexts(
      List<TextAnswer> texts, List<Named> named, List<float[]> logits, ArrayNode list) {
    int number = 0;
    for (TextAnswer answer : texts) {
      number++;
      ObjectNode entry = list.addObject();
      entry.put("text", answer.text());
      entry.put("cosine", answer.cosine());
      entry.put("probability", answer.probability());
      if (answer.mask() != null) {
        String file = "text-" + number + "-" + fileName(answer.text()) + ".png";
        Color colour = Palette.colour(named.size());
        named.add(new Named(file, answer.text(), answer.mask(), null, colour));
        entry.put("file", file);
        entry.put("area", area(answer.mask()));
        entry.put("predicted_iou", answer.predictedIou());
        if (answer.logits() == null) {
          entry.putNull("logits_row");
        } else {
          entry.put("logits_row", logits.size());
          logits.add(answer.logits());
        }
      }
    }
  }

  /** What every file system takes; the number before it keeps names apart. */
  private static String fileName(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return plain.substring(0, Math.min(NAME_LENGTH, plain.length()));
  }

  private static long area(LabelMap mask) {
    long area = 0;
    for (byte value : mask.labels()) {
      area += value;
    }
    return area;
  }

  private static BufferedImage overlay(RgbImage image, List<Named> named) {
    int longest = Math.max(image.width(), image.height());
    int side = Math.min(LARGEST_OVERLAY, Math.max(SMALLEST_OVERLAY, longest));
    Overlay overlay = new Overlay(image, side);
    named.forEach(one -> overlay.mask(one.mask(), one.colour()));
    for (Named one : named) {
      if (one.prompt() instanceof MaskPrompt.Box box) {
        overlay.box(box.x0(), box.y0(), box.x1(), box.y1(), one.colour());
      } else if (one.prompt() instanceof MaskPrompt.Points points) {
        points.points().forEach(p -> overlay.point(p.x(), p.y(), p.foreground(), one.colour()));
      }
    }
    Legend legend =
        new Legend(named.stream().map(n -> new Legend.Entry(n.label(), n.colour())).toList());
    return named.isEmpty() ? overlay.picture() : legend.below(overlay.picture());
  }

  private void writeArrays(ImagePrediction prediction, List<float[]> logits) {
    SafetensorsWriter writer = new SafetensorsWriter();
    prediction.arrays().forEach((name, array) -> writer.add(name, array.values(), array.shape()));
    if (!logits.isEmpty()) {
      int side = (int) Math.round(Math.sqrt(logits.get(0).length));
      float[] all = new float[Math.multiplyExact(logits.size(), side * side)];
      for (int row = 0; row < logits.size(); row++) {
        System.arraycopy(logits.get(row), 0, all, row * side * side, side * side);
      }
      writer.add("mask_logits", all, logits.size(), side, side);
    }
    writer.write(folder.resolve(ARRAYS));
  }

  private static String text(ObjectNode summary) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(summary);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers and texts is always JSON", e);
    }
  }
}
