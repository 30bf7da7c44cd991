package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.eval.picture.LineChart;

class CurvesTest {

  @TempDir Path folder;

  private Path log(boolean looks) {
    Path file = folder.resolve("metrics.jsonl");
    try (MetricsLog log = MetricsLog.open(file, 0)) {
      for (int step = 1; step <= 300; step++) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("phase", step <= 100 ? "stage1" : "stage2");
        line.put("stage_step", step <= 100 ? step : step - 100);
        line.put("clip", 1. / step);
        line.put("sam", step % 7 == 0 ? 0 : .1 + 1. / step);
        if (looks && step > 100 && step % 50 == 0) {
          line.put("val_loss", 2. / step);
          line.put("val_clip_loss", 1. / step);
          line.put("val_box_miou", .8);
        }
        log.write(step, line);
      }
    }
    return file;
  }

  /** Each phase has a picture; where nothing was looked at there is one chart, else two. */
  @Test
  void everyPhaseIsDrawn() throws IOException {
    Assumptions.assumeTrue(LineChart.isPossible(), "no fonts");
    Curves.write(log(true), folder.resolve("curves"));
    BufferedImage one = ImageIO.read(folder.resolve("curves/stage1.png").toFile());
    BufferedImage two = ImageIO.read(folder.resolve("curves/stage2.png").toFile());
    assertEquals(2 * one.getWidth(), two.getWidth());
    assertEquals(one.getHeight(), two.getHeight());
    Set<Integer> colours = new HashSet<>();
    for (int x = 0; x < one.getWidth(); x++) {
      for (int y = 0; y < one.getHeight(); y++) {
        colours.add(one.getRGB(x, y));
      }
    }
    assertTrue(colours.size() > 10, "lines and letters");
  }

  @Test
  void aLogThatIsMissingIsSaid() {
    Assumptions.assumeTrue(LineChart.isPossible(), "no fonts");
    Path none = folder.resolve("none.jsonl");
    UserError error = assertThrows(UserError.class, () -> Curves.write(none, folder));
    assertTrue(error.getMessage().contains("none.jsonl"), error.getMessage());
  }
}
