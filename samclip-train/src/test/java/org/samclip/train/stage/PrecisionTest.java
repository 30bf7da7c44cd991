package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.train.TinyMerge;

/** Training in bfloat16 follows training in float32. */
class PrecisionTest {

  private static final int STEPS = 30;
  private static final double BAND = .05;

  /** Of a smaller loss no share is told. */
  private static final double LEAST = .01;

  @TempDir static Path shared;
  private static TinyMerge tiny;

  @TempDir Path folder;

  @BeforeAll
  static void makeTeachers() {
    tiny = TinyMerge.in(shared);
  }

  private TinyMerge.Heard run(String precision) {
    TinyMerge.Heard heard = new TinyMerge.Heard();
    String[] recipe = {
      "evaluation.data={}",
      "baselines=[]",
      "stages.head_probing.duration=1 steps",
      "stages.multi_task.duration=" + STEPS + " steps",
      "stages.multi_task.validation=null",
      // Soft targets and the IoU's error begin at 0, of which no share can be told.
      "stages.multi_task.feeds.masks.objectives.sam.target=hard",
      "stages.multi_task.feeds.masks.objectives.sam.loss={focal: 1, dice: 1}",
      "stages.resolution_adaptation.duration=1 steps",
      "precision=" + precision
    };
    TinyMerge.run(tiny.recipe(recipe), folder.resolve(precision), false, heard);
    return heard;
  }

  @Test
  void lossesOfBf16StayNearThoseOfFloat32() {
    TinyMerge.Heard full = run("float32");
    TinyMerge.Heard low = run("bf16");
    double difference = 0;
    for (int step = 1; step <= STEPS; step++) {
      Map<String, Double> expected = full.losses.get(step);
      Map<String, Double> got = low.losses.get(step);
      assertEquals(expected.keySet(), got.keySet());
      for (String part : expected.keySet()) {
        double loss = expected.get(part);
        double apart = Math.abs(loss - got.get(part));
        // A cosine of nearly 1 in three digits leaves no digit of what is missing to 1.
        double band = BAND * Math.max(LEAST, loss);
        assertTrue(apart <= band, () -> part + " of step " + expected + ", " + got);
        difference += apart;
      }
    }
    assertNotEquals(0, difference, "bf16 is float32");
  }

  @Test
  void onTheCpuAutoIsFloat32() {
    assertEquals(run("float32").losses, run("auto").losses);
  }
}
