package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.RatioScores;

class ScoresFileTest {

  private static final String HASH = "0123456789abcdef".repeat(4);

  @TempDir Path folder;

  private static RowScores row() {
    Map<String, ImageScores> metrics = new LinkedHashMap<>();
    List<String> images = List.of("a", "b", "c");
    metrics.put(
        "point_miou",
        new RatioScores(
            images, new double[] {.1, 1 / 3.0, 0}, new double[] {1, 2, 0}, new long[] {1, 2, 0}));
    metrics.put(
        "logit_ratio",
        new RatioScores(
            images, new double[] {11, 12, 0}, new double[] {10.5, 2, 0}, new long[] {1, 2, 0}));
    metrics.put(
        "semantic_miou",
        new ClassScores(
            List.of("x", "y"),
            List.of(
                List.of(
                    new ClassScores.Pixels(0, 5, 7, 6), new ClassScores.Pixels(79, 0, 0, 1L << 40)),
                List.of()),
            ClassScores.Mean.IOU));
    return new RowScores("stage2", "quick", HASH, -3, metrics);
  }

  private String json(Path file) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Path zipped(String json) throws IOException {
    Path file = folder.resolve("bad.json.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(json.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  @Test
  void whatIsReadIsWhatWasWritten() throws IOException {
    Path file = folder.resolve("scores/stage2.json.gz");
    ScoresFile.write(file, row());
    RowScores read = ScoresFile.read(file);
    assertEquals(
        List.of("stage2", "quick", HASH, -3L),
        List.of(read.model(), read.run(), read.recipe(), read.seed()));
    assertEquals(List.copyOf(row().metrics().keySet()), List.copyOf(read.metrics().keySet()));
    row()
        .metrics()
        .forEach(
            (name, scores) -> {
              ImageScores found = read.metrics().get(name);
              assertEquals(scores.images(), found.images());
              assertEquals(Bootstrap.measure(scores), Bootstrap.measure(found), name);
            });
    assertEquals(
        ((ClassScores) row().metrics().get("semantic_miou")).pixels(),
        ((ClassScores) read.metrics().get("semantic_miou")).pixels());
    // Images are named once for all metrics that share them.
    assertTrue(json(file).contains("\"images\":[[\"a\",\"b\",\"c\"],[\"x\",\"y\"]]"), json(file));

    Path again = folder.resolve("again.json.gz");
    ScoresFile.write(again, row());
    assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Path file = folder.resolve("row.json.gz");
    ScoresFile.write(file, row());
    String good = json(file);
    ScoresFile.read(zipped(good));
    for (String[] change :
        new String[][] {
          {"samclip-scores-2", "samclip-scores-3"},
          {"\"model\":\"stage2\",", ""},
          {HASH, HASH.substring(1)},
          {"\"images\":0", "\"images\":2"},
          {"\"images\":0", "\"images\":-1"},
          {"[\"a\",\"b\",\"c\"]", "[\"a\",\"b\"]"},
          {"[\"a\",\"b\",\"c\"]", "[\"a\",\"b\",null]"},
          {"[\"a\",\"b\",\"c\"]", "null"},
          {"\"counts\":[1,2,0]", "\"counts\":[1,-2,0]"},
          {"\"counts\":[1,2,0]", "\"counts\":[1,2.5,0]"},
          {"\"numerators\":[11.0", "\"numerators\":[1e999"},
          {"\"denominators\":[1.0,2.0,0.0],", ""},
          {"\"mean\":\"IOU\"", "\"mean\":\"MEAN\""},
          {"[0,5,7,6,", "[0,5,7,"},
          {"[0,5,7,6,", "[0,8,7,6,"},
          {"[0,5,7,6,", "[4294967296,5,7,6,"},
          {"\"seed\":-3", "\"seed\":null"},
          {"\"seed\":-3", "\"seed\":-3,\"other\":1"},
        }) {
      assertTrue(good.contains(change[0]), change[0]);
      Path bad = zipped(good.replace(change[0], change[1]));
      UserError error =
          assertThrows(UserError.class, () -> ScoresFile.read(bad), String.join(" -> ", change));
      assertTrue(error.getMessage().contains("bad.json.gz"), error.getMessage());
    }
    Path cut = zipped(good.substring(0, good.length() - 2));
    assertThrows(UserError.class, () -> ScoresFile.read(cut));
    Path noZip = Files.writeString(folder.resolve("plain.json.gz"), good);
    assertThrows(UserError.class, () -> ScoresFile.read(noZip));
    assertThrows(UserError.class, () -> ScoresFile.read(folder.resolve("absent.json.gz")));
  }

  /** A few hundred KB that unpack to more than any scores have. */
  @Test
  void aFileThatUnpacksToTooMuchIsRefused() throws IOException {
    Path file = folder.resolve("bomb.json.gz");
    byte[] blanks = " ".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i <= 256; i++) {
        out.write(blanks);
      }
    }
    UserError error = assertThrows(UserError.class, () -> ScoresFile.read(file));
    assertTrue(error.getMessage().contains("more than"), error.getMessage());
  }
}
