package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.eval.ColourModel;
import org.samclip.eval.LabelledObjects;
import org.samclip.eval.LabelledObjects.Item;
import org.samclip.eval.Pictures;
import org.samclip.eval.segment.InstanceSegmentation.Options;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.eval.segment.InstanceSegmentation.Result;

class InstanceSegmentationTest {

  private static Item item(int scale, String... rows) {
    return new Item(Pictures.labels(scale, ".R", rows).toMask(), false);
  }

  private static Result run(Options options, LabelledObjects... samples) {
    ColourModel model = new ColourModel(16);
    Result result = InstanceSegmentation.run(model, Pictures.set(List.of(samples)), options);
    assertTrue(model.areManagersClosed());
    return result;
  }

  @Test
  void aBoxGivesTheBox() {
    String[] corner = {"RR..", "R...", "....", "...."};
    LabelledObjects sample =
        new LabelledObjects(
            "a",
            Pictures.image(4, corner),
            List.of(
                item(4, corner),
                item(4, "....", "..RR", "..RR", "...."),
                new Item(RunLengthMask.encode(new byte[256], 16, 16), false),
                new Item(item(4, corner).mask(), true)));
    Result result = run(new Options(Prompt.BOX, 0, 2, 0, 1, false), sample);
    assertEquals((3 / 4.0 + 1) / 2, result.miou(), 1e-12);
    assertEquals(2, result.objects());
    assertEquals(2, result.skippedObjects());
    assertEquals(1, result.images());
  }

  @Test
  void aBoxOnAnImageOfAnotherSizeAndShapeIsMappedThereAndBack() {
    // 24 x 12 pixels go to 16 x 8 of 16 x 16; the box's edges at 6, 12, 18 go to 4, 8, 12.
    LabelledObjects sample =
        new LabelledObjects(
            "a", Pictures.image(6, "....", ".RR."), List.of(item(6, "....", ".RR.")));
    assertEquals(1, run(new Options(Prompt.BOX, 0, 2, 0, 8, false), sample).miou());
  }

  @Test
  void aPointTakesTheMaskOfTheHighestPredictedIou() {
    String[] rows = {"RR..", "RR..", "..GG", "..GG"};
    LabelledObjects sample =
        new LabelledObjects(
            "a",
            Pictures.image(4, rows),
            List.of(
                item(4, "RR..", "RR..", "....", "...."),
                // Half of what has the colour at its deepest pixel.
                item(4, "....", "....", "..R.", "..R.")));
    assertEquals(
        (1 + .5) / 2, run(new Options(Prompt.POINT, 16, 1, 0, 8, false), sample, sample).miou());
  }

  @Test
  void refinementAsksAgainWithTheFirstMask() {
    String[] rows = {"RR..", "RR..", "..GG", "..GG"};
    LabelledObjects sample =
        new LabelledObjects(
            "a", Pictures.image(4, rows), List.of(item(4, "RR..", "RR..", "....", "....")));
    Result result = run(new Options(Prompt.POINT, 0, 1, 0, 8, true), sample);
    assertEquals(1, result.miou());
    assertTrue(result.refined());
  }

  @Test
  void noObjectIsAUserError() {
    LabelledObjects bare = new LabelledObjects("a", Pictures.image(4, "R"), List.of());
    assertThrows(UserError.class, () -> run(new Options(Prompt.BOX, 0, 1, 0, 1, false), bare));
  }
}
