package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.samclip.data.cache.CacheUse;

class ProgressBarTest {

  private static final long SECOND = 1_000_000_000L;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private long now;

  private ProgressBar bar(boolean live, int width) {
    return new ProgressBar(
        new PrintStream(bytes, true, StandardCharsets.UTF_8), live, width, () -> now);
  }

  private String output() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static ProgressBar.Step step(long step, double loss) {
    return new ProgressBar.Step(step, step / 100.0, Map.of("clip", loss), 10, 0.25, CacheUse.NONE);
  }

  @Test
  void plainLinesAreRare() {
    try (ProgressBar bar = bar(false, 80)) {
      bar.start("probe", 100, 0);
      for (int i = 1; i <= 25; i++) {
        now += SECOND;
        bar.update(step(i, i));
      }
    }
    List<String> lines = output().lines().toList();
    assertEquals(
        List.of(
            "probe   1 % step 1/100  clip 1  10.0 images/s  data wait 25 %  1:39 left",
            // Steps 2 to 11 since the line before: mean 6.5.
            "probe  11 % step 11/100  clip 6.5  10.0 images/s  data wait 25 %  1:29 left",
            "probe  21 % step 21/100  clip 16.5  10.0 images/s  data wait 25 %  1:19 left",
            "probe  25 % step 25/100  clip 23.5  10.0 images/s  data wait 25 %  1:15 left"),
        lines.stream()
            .map(l -> l.replace(".500", ".5").replace(".50", ".5").replace("1.000", "1"))
            .toList());
  }

  @Test
  void tellsWhatTheCacheWasGoodFor() {
    try (ProgressBar bar = bar(false, 80)) {
      bar.start("probe", 4, 0);
      now += SECOND;
      CacheUse use = new CacheUse(30, 10, 0, 0);
      bar.update(new ProgressBar.Step(1, .25, Map.of("clip", 1.), 10, 0, use));
    }
    assertEquals(
        "probe  25 % step 1/4  clip 1.000  10.0 images/s  cache 75 %  0:03 left\n", output());
  }

  @Test
  void liveLineIsRedrawnCutAndEnded() {
    try (ProgressBar bar = bar(true, 40)) {
      bar.start("probe", 100, 0);
      for (int i = 1; i <= 10; i++) {
        now += SECOND / 10;
        bar.update(step(i, 1));
      }
      bar.message("a word");
    }
    String text = output();
    for (String draw : text.split("[\r\n]+")) {
      assertTrue(draw.replace("\u001b[K", "").length() < 40, draw);
    }
    // Steps 1, 3, 5, 7, 9, and the tenth after the message.
    assertEquals(5 + 1, text.chars().filter(c -> c == '\r').count());
    assertTrue(text.contains("a word\u001b[K\n"));
    assertTrue(text.endsWith("\r\n"));
  }

  @Test
  void timeLeftCountsFromWhereTheRunResumed() {
    try (ProgressBar bar = bar(false, 80)) {
      bar.start("probe", 100, 0.5);
      now += 10 * SECOND;
      bar.update(step(60, 1));
    }
    assertTrue(output().contains(" 0:40 left"), output());
  }

  @Test
  void nothingIsPrintedWithoutSteps() {
    try (ProgressBar bar = bar(true, 80)) {
      bar.start("probe", 100, 0);
    }
    assertEquals("", output());
  }
}
