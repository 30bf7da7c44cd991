package org.samclip.train.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.ClassScores.Pixels;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.RatioScores;

/**
 * {@link RowScores} as compressed JSON:
 *
 * <pre>
 * {"format": "samclip-scores-2", "model": "stage2", "run": "quickstart", "recipe": HASH, "seed": 0,
 *  "images": [[KEY, ...], ...],
 *  "metrics": {
 *    "point_miou": {"images": 0, "shown": "MAIN", "numerators": [...], "denominators": [...], "counts": [...]},
 *    "semantic_miou": {"images": 1, "shown": "MAIN", "mean": "IOU",
 *                      "classes": [[LABEL, HITS, TARGET, PREDICTED, LABEL, ...], ...]}, ...}}
 * </pre>
 *
 * <p>{@code images} of a metric is the place of its images in the list of lists: most metrics share
 * one. The arrays have an entry for each image.
 */
public final class ScoresFile {

  /** The end of the files' names. */
  public static final String SUFFIX = ".json.gz";

  private static final String FORMAT = "samclip-scores-2";

  /** Most bytes of JSON that are read: some ten million numbers. */
  private static final int MOST_BYTES = 1 << 28;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .setSerializationInclusion(JsonInclude.Include.NON_NULL)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private ScoresFile() {}

  private record Content(
      String format,
      String model,
      String run,
      String recipe,
      long seed,
      List<List<String>> images,
      Map<String, Metric> metrics) {}

  private record Metric(
      int images,
      Column.Shown shown,
      double[] numerators,
      double[] denominators,
      long[] counts,
      ClassScores.Mean mean,
      long[][] classes) {}

  /**
   * Writes a file, whole or not at all. Equal rows give equal bytes.
   *
   * @param file whose name should end with {@link #SUFFIX}
   * @param row what to write
   * @throws UserError if it cannot be written
   */
  public static void write(Path file, RowScores row) {
    List<List<String>> images = new ArrayList<>();
    Map<String, Metric> metrics = new LinkedHashMap<>();
    row.metrics()
        .forEach(
            (name, scores) -> {
              if (!images.contains(scores.images())) {
                images.add(scores.images());
              }
              metrics.put(
                  name, stored(scores, images.indexOf(scores.images()), row.shown().get(name)));
            });
    Content content =
        new Content(FORMAT, row.model(), row.run(), row.recipe(), row.seed(), images, metrics);
    AtomicFile.write(
        file,
        out -> {
          GZIPOutputStream zip = new GZIPOutputStream(out);
          zip.write(JSON.writeValueAsBytes(content));
          zip.finish();
        });
  }

  private static Metric stored(ImageScores scores, int images, Column.Shown shown) {
    if (scores instanceof RatioScores ratio) {
      return new Metric(
          images, shown, ratio.numerators(), ratio.denominators(), ratio.counts(), null, null);
    }
    ClassScores dense = (ClassScores) scores;
    long[][] classes =
        dense.pixels().stream()
            .map(
                image ->
                    image.stream()
                        .flatMapToLong(
                            p -> LongStream.of(p.label(), p.hits(), p.target(), p.predicted()))
                        .toArray())
            .toArray(long[][]::new);
    return new Metric(images, shown, null, null, null, dense.mean(), classes);
  }

  /**
   * Reads a file.
   *
   * @param file that {@link #write} wrote
   * @return the row
   * @throws UserError if it is missing, damaged, too large or something else
   */
  public static RowScores read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(file + ": no such file of scores");
    }
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new UserError(file + ": more than " + MOST_BYTES + " bytes of JSON");
      }
      Content content = JSON.readValue(bytes, Content.class);
      if (!FORMAT.equals(content.format)
          || content.model == null
          || content.run == null
          || content.recipe == null
          || !content.recipe.matches("[0-9a-f]{64}")
          || content.images == null
          || content.metrics == null) {
        throw new UserError(
            file + ": format '" + content.format + "' or incomplete; allowed: " + FORMAT);
      }
      Map<String, ImageScores> metrics = new LinkedHashMap<>();
      content.metrics.forEach((name, metric) -> metrics.put(name, scores(metric, content.images)));
      Map<String, Column.Shown> shown = new LinkedHashMap<>();
      content.metrics.forEach((name, metric) -> shown.put(name, metric.shown));
      return new RowScores(
          content.model, content.run, content.recipe, content.seed, metrics, shown);
    } catch (IOException
        | IllegalArgumentException
        | ArithmeticException
        | NullPointerException e) {
      // Null stands for what the file leaves out, in a list or as a whole.
      throw new UserError(file + ": is no file of scores: " + e.getMessage(), e);
    }
  }

  private static ImageScores scores(Metric metric, List<List<String>> images) {
    if (metric.images < 0 || metric.images >= images.size()) {
      throw new IllegalArgumentException("there is no list of images " + metric.images);
    }
    List<String> keys = images.get(metric.images);
    if (metric.mean == null) {
      return new RatioScores(keys, metric.numerators, metric.denominators, metric.counts);
    }
    List<List<Pixels>> pixels = new ArrayList<>();
    for (long[] image : metric.classes) {
      if (image.length % 4 != 0) {
        throw new IllegalArgumentException("an image of " + image.length + " class counts");
      }
      List<Pixels> found = new ArrayList<>();
      for (int i = 0; i < image.length; i += 4) {
        found.add(new Pixels(Math.toIntExact(image[i]), image[i + 1], image[i + 2], image[i + 3]));
      }
      pixels.add(found);
    }
    return new ClassScores(keys, pixels, metric.mean);
  }
}
