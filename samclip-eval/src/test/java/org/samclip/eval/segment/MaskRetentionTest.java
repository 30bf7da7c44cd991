package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.transform.LabelMap;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.kernel.LibTorch;

/** Against the formulas, of numbers small enough to work out by hand. */
class MaskRetentionTest {

  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray logits(float... values) {
    return manager.create(values, new Shape(1, 1, 2, values.length / 2));
  }

  @Test
  void theModelsMasksAreComparedWithTheTeachersOfTheSamePrompt() {
    TeacherMasks teacher = new TeacherMasks();
    teacher.onImage("a");
    teacher.onMask(logits(2, -2), logits(1, 1, -1, -1));
    teacher.onMask(logits(1, 3), logits(-1, -1, -1, -1));
    teacher.onImage("empty");
    teacher.onImage("b");
    teacher.onMask(logits(-5, 5), logits(5, 5, 5, 5, 5, 5));

    MaskRetention model = new MaskRetention(Optional.of(teacher));
    model.onImage("a");
    // 1 pixel in both, 3 in either; mean |logit| 3 against 2.
    model.onMask(logits(-4, 2), logits(1, -1, 2, -1));
    // Two empty masks agree; 1 against 2.
    model.onMask(logits(-1, 1), logits(-3, -3, -3, -3));
    model.onImage("empty");
    model.onImage("b");
    // 4 of 6; 10 against 5.
    model.onMask(logits(10, 10), logits(1, 1, 1, 1, 0, -1));

    assertEquals(List.of("a", "empty", "b"), model.teacherIou().images());
    assertArrayEquals(
        new double[] {1 / 3.0 + 1, 0, 4 / 6.0}, model.teacherIou().numerators(), 1e-12);
    assertArrayEquals(new long[] {2, 0, 1}, model.teacherIou().counts());
    assertEquals((3 + 1 + 10) / (2 + 2 + 5.0), model.logitRatio().value(), 1e-12);
    assertEquals(3, model.logitRatio().count());
  }

  /**
   * segment-anything's {@code calculate_stability_score}: pixels above threshold + offset / pixels
   * above threshold - offset, here with 0 and 1.
   */
  @Test
  void stabilityIsTheIouOfTheMasksAtMovedThresholds() {
    MaskRetention model = new MaskRetention(Optional.empty());
    model.onImage("a");
    model.onMask(logits(0, 0), logits(-3, -1, -.5f, .5f, 1.5f, 2));
    assertEquals(2 / 4.0, model.stability().value());
    model.onMask(logits(0, 0), logits(-3, -1, -7, -2, -1.5f, -9));
    assertEquals((.5 + 1) / 2, model.stability().value(), "nothing above either");
    assertThrows(NoSuchElementException.class, model::teacherIou);
  }

  @Test
  void otherPromptsThanTheTeachersAreRefused() {
    TeacherMasks teacher = new TeacherMasks();
    teacher.onImage("a");
    MaskRetention model = new MaskRetention(Optional.of(teacher));
    model.onImage("a");
    assertThrows(IllegalArgumentException.class, () -> model.onMask(logits(1, 1), logits(1, 1)));
    MaskRetention other = new MaskRetention(Optional.of(teacher));
    other.onImage("b");
    assertThrows(IllegalArgumentException.class, () -> other.onMask(logits(1, 1), logits(1, 1)));
  }

  @Test
  void logitsThatAreNoNumbersAreTold() {
    TeacherMasks teacher = new TeacherMasks();
    teacher.onImage("a");
    teacher.onMask(logits(1, 1), logits(1, 1));
    MaskRetention model = new MaskRetention(Optional.of(teacher));
    model.onImage("a");
    UserError error =
        assertThrows(
            UserError.class, () -> model.onMask(logits(Float.NaN, 1), logits(Float.NaN, 1)));
    assertTrue(error.getMessage().startsWith("a: "), error.getMessage());
  }

  /** The protocol tells both of the same prompts in the same order, points and boxes. */
  @Test
  void aModelThatIsItsTeacherKeepsEverything() {
    String[] rows = {"RR..", "RR..", "..GG", "..GG"};
    LabelMap red = Pictures.labels(4, ".R", rows);
    LabelMap corner = Pictures.labels(4, ".G", "....", "....", "....", "...G");
    List<CocoInstances.Instance> objects =
        List.of(red, corner, red).stream()
            .map(
                map ->
                    new CocoInstances.Instance(
                        1,
                        0,
                        1,
                        Arrays.stream(map.toMask().boundingBox()).boxed().toList(),
                        map.toMask().area(),
                        false,
                        map.toMask()))
            .toList();
    CocoInstances.Item item = new CocoInstances.Item(1, "a", Pictures.image(4, rows), objects);
    for (boolean refine : new boolean[] {false, true}) {
      InstanceSegmentation.Options options =
          new InstanceSegmentation.Options(List.of(Prompt.POINT, Prompt.BOX), 16, 2, 0, 2, refine);
      TeacherMasks teacher = new TeacherMasks();
      MaskRetention own = new MaskRetention(Optional.empty());
      run(item, options, own.and(teacher));
      MaskRetention model = new MaskRetention(Optional.of(teacher));
      run(item, options, model);
      assertEquals(1, model.teacherIou().value());
      assertEquals(12, model.teacherIou().count(), "3 objects, 2 prompts, 2 images");
      assertEquals(1, model.logitRatio().value());
      assertEquals(own.stability().value(), model.stability().value());
    }
  }

  private static void run(
      CocoInstances.Item item, InstanceSegmentation.Options options, SingleMaskListener listener) {
    InstanceSegmentation.run(
        new ColourModel(16),
        Pictures.set(List.of("thing"), List.of(item, item)),
        options,
        listener);
  }
}
