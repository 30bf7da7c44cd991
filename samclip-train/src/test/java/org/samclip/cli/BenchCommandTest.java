package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.cli.ModelFolder.Run;
import org.samclip.kernel.LibTorch;

/** {@code samclip bench} with small models: everything runs, and says what it counted. */
class BenchCommandTest {

  private static final int PHOTOS = 3;

  @TempDir Path folder;

  private static Run run(Object... arguments) {
    return ModelFolder.run(List.of(arguments).stream().map(Object::toString).toList());
  }

  private Path photos() throws IOException {
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (int i = 0; i < PHOTOS; i++) {
      BufferedImage image = new BufferedImage(80, 60 + i, BufferedImage.TYPE_3BYTE_BGR);
      ImageIO.write(image, "jpg", photos.resolve("photo" + i + ".jpg").toFile());
    }
    return photos;
  }

  @Test
  void measuresEveryWork() throws IOException {
    Path json = folder.resolve("bench.json");
    int threads = LibTorch.threads();
    Run run =
        run(
            "bench",
            "--preset",
            "tiny",
            "--side",
            64,
            "--warm-up",
            0,
            "--repeats",
            2,
            "--threads",
            1,
            "--photos",
            photos(),
            "--json",
            json);
    LibTorch.setThreads(threads);
    assertEquals(Samclip.DONE, run.code(), run.err());
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertTrue(report.get("machine").asText().contains("cores"), report::toString);
    Map<String, JsonNode> rows = new TreeMap<>();
    report.get("rows").forEach(row -> rows.put(row.get("work").asText(), row));
    assertEquals(
        List.of(
            "adamw",
            "checkpoint-load",
            "checkpoint-save",
            "data-pipeline",
            "encoder-infer-1024",
            "encoder-train-1024",
            "jpeg-decode",
            "stage1-epoch",
            "stage1-epoch-cached",
            "stage2-step",
            "stage2-step-cached"),
        List.copyOf(rows.keySet()));
    rows.forEach(BenchCommandTest::checkRow);
    // Forward; backward twice as much, but not to the pixels: 64 patches of 3 x 8 x 8 values.
    double infer = rows.get("encoder-infer-1024").get("gflop").asDouble();
    double train = rows.get("encoder-train-1024").get("gflop").asDouble();
    assertEquals(3 * infer - 2e-9 * 64 * 192 * 128, train, 1e-12);
    // From the cache, nothing is left but the head.
    double live = rows.get("stage1-epoch").get("gflop").asDouble();
    double cached = rows.get("stage1-epoch-cached").get("gflop").asDouble();
    assertTrue(cached < live, live + " " + cached);
    JsonNode decode = rows.get("jpeg-decode");
    assertEquals(
        PHOTOS, decode.get("images_per_s").asDouble() * decode.get("median_s").asDouble(), 1e-6);
  }

  private static void checkRow(String work, JsonNode row) {
    assertEquals("tiny", row.get("preset").asText());
    assertEquals(64, row.get("side").asInt());
    assertEquals(1, row.get("threads").asInt());
    assertEquals(2, row.get("repeats").asInt());
    double min = row.get("min_s").asDouble();
    double median = row.get("median_s").asDouble();
    double max = row.get("max_s").asDouble();
    assertTrue(0 < min && min <= median && median <= max, row::toString);
    assertEquals((min + max) / 2, median, 1e-9, "the median of two");
    assertNotNull(row.get("peak_mb"), row::toString);
    boolean counted = row.get("gflop").asDouble() > 0;
    assertEquals(work.startsWith("encoder") || work.startsWith("stage"), counted, row::toString);
    if (counted) {
      double rate = row.get("gflop_per_s").asDouble();
      assertEquals(row.get("gflop").asDouble() / median, rate, rate * 1e-6);
      double share = rate / row.get("matmul_gflop_per_s").asDouble();
      assertEquals(share, row.get("matmul_share").asDouble(), share * 1e-6);
    }
    boolean moves = work.equals("adamw") || work.startsWith("checkpoint");
    assertEquals(moves, row.get("gb_per_s").asDouble() > 0, row::toString);
  }

  @Test
  void trainsWithCheckpointedActivations() {
    Run run =
        run(
            "bench",
            "--preset",
            "tiny",
            "--side",
            64,
            "--warm-up",
            0,
            "--repeats",
            1,
            "--work",
            "encoder-train-1024",
            "stage2-step",
            "--checkpoint-activations");
    assertEquals(Samclip.DONE, run.code(), run.err());
    assertEquals(3, run.out().lines().count(), run.out());
  }

  @Test
  void listsTheWorks() {
    Run run = run("bench", "--list");
    assertEquals(Samclip.DONE, run.code(), run.err());
    assertEquals(11, run.out().lines().count(), run.out());
  }

  @Test
  void namesWhatCannotBeMeasured() throws IOException {
    refuses("stage2-step", "bench", "--work", "stage2-stepp");
    refuses("--prompts 0: allowed: 1..4096", "bench", "--prompts", "0");
    refuses("more pixels than one array holds", "bench", "--images", "4096");
    refuses("multiples of 16", "bench", "--side", 1000);
    refuses("--repeats 0", "bench", "--repeats", 0);
    Path empty = Files.createDirectories(folder.resolve("empty"));
    refuses("no .jpg files", "bench", "--work", "jpeg-decode", "--photos", empty);
  }

  private static void refuses(String message, Object... arguments) {
    Run run = run(arguments);
    assertEquals(Samclip.USER_ERROR, run.code(), run.err());
    assertTrue(run.err().contains(message), run.err());
  }
}
