package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.CocoInstances.Instance;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;
import org.samclip.eval.segment.InstanceSegmentation.Options;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.eval.segment.InstanceSegmentation.Result;

class InstanceSegmentationTest {

  private static Instance item(RunLengthMask mask, boolean crowd) {
    List<Double> box = Arrays.stream(mask.boundingBox()).boxed().toList();
    return new Instance(1, 0, 1, box, mask.area(), crowd, mask);
  }

  private static Instance item(int scale, String... rows) {
    return item(Pictures.labels(scale, ".R", rows).toMask(), false);
  }

  private static CocoInstances.Item sample(RgbImage image, Instance... items) {
    return new CocoInstances.Item(1, "a", image, List.of(items));
  }

  private static Result run(Options options, CocoInstances.Item... samples) {
    ColourModel model = new ColourModel(16);
    Result result =
        InstanceSegmentation.run(model, Pictures.set(List.of("thing"), List.of(samples)), options);
    assertTrue(model.areManagersClosed());
    return result;
  }

  @Test
  void aBoxGivesTheBox() {
    String[] corner = {"RR..", "R...", "....", "...."};
    CocoInstances.Item sample =
        sample(
            Pictures.image(4, corner),
            item(4, corner),
            item(4, "....", "..RR", "..RR", "...."),
            item(RunLengthMask.encode(new byte[256], 16, 16), false),
            item(item(4, corner).mask(), true));
    Result result = run(new Options(List.of(Prompt.BOX), 0, 2, 0, 1, false), sample);
    assertEquals((3 / 4.0 + 1) / 2, result.miou(Prompt.BOX), 1e-12);
    assertEquals(2, result.objects());
    assertEquals(2, result.skippedObjects());
    assertEquals(1, result.images());
  }

  @Test
  void aBoxOnAnImageOfAnotherSizeAndShapeIsMappedThereAndBack() {
    // 24 x 12 pixels go to 16 x 8 of 16 x 16; the box's edges at 6, 12, 18 go to 4, 8, 12.
    CocoInstances.Item sample = sample(Pictures.image(6, "....", ".RR."), item(6, "....", ".RR."));
    assertEquals(
        1, run(new Options(List.of(Prompt.BOX), 0, 2, 0, 8, false), sample).miou(Prompt.BOX));
  }

  @Test
  void aPointTakesTheMaskOfTheHighestPredictedIou() {
    String[] rows = {"RR..", "RR..", "..GG", "..GG"};
    CocoInstances.Item sample =
        sample(
            Pictures.image(4, rows),
            item(4, "RR..", "RR..", "....", "...."),
            // Half of what has the colour at its deepest pixel.
            item(4, "....", "....", "..R.", "..R."));
    Result result =
        run(new Options(List.of(Prompt.POINT, Prompt.BOX), 16, 1, 0, 8, false), sample, sample);
    assertEquals((1 + .5) / 2, result.miou(Prompt.POINT));
    assertEquals(1, result.miou(Prompt.BOX));
    assertArrayEquals(new double[] {1.5, 1.5}, result.iou().get(Prompt.POINT).numerators());
    assertArrayEquals(new long[] {2, 2}, result.iou().get(Prompt.POINT).counts());
  }

  @Test
  void refinementAsksAgainWithTheFirstMask() {
    String[] rows = {"RR..", "RR..", "..GG", "..GG"};
    CocoInstances.Item sample =
        sample(Pictures.image(4, rows), item(4, "RR..", "RR..", "....", "...."));
    Result result = run(new Options(List.of(Prompt.POINT), 0, 1, 0, 8, true), sample);
    assertEquals(1, result.miou(Prompt.POINT));
    assertTrue(result.refined());
  }

  @Test
  void noObjectIsAUserError() {
    CocoInstances.Item bare = sample(Pictures.image(4, "R"));
    assertThrows(
        UserError.class, () -> run(new Options(List.of(Prompt.BOX), 0, 1, 0, 1, false), bare));
  }
}
