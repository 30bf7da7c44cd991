package org.samclip.eval.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.Pictures;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.kernel.LibTorch;
import org.samclip.model.RandomModels;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

class MaskDrawerTest {

  private static final int SIDE = RandomModels.SIDE;

  /** Twice the model's side, so that a pixel of the image is half a pixel of the input. */
  private static final RgbImage PICTURE = Pictures.image(16, "RG.B", "B.GR");

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final PromptedMaskAdapter model = new PromptedMaskAdapter(RandomModels.sam(manager));
  private final SamPreprocess preprocess = new SamPreprocess(SIDE);
  private final SamPreprocess.Frame frame = preprocess.frame(PICTURE.width(), PICTURE.height());
  private final NDArray embedding =
      model.encodeImages(ImageBatch.of(manager, List.of(preprocess.apply(PICTURE)), SIDE));

  @AfterEach
  void close() {
    manager.close();
  }

  private DrawnMask draw(MaskPrompt prompt) {
    return new MaskDrawer(model, SIDE).draw(embedding, frame, List.of(prompt)).get(0);
  }

  private static MaskPrompt.Points points(double... numbers) {
    return new MaskPrompt.Points(
        IntStream.range(0, numbers.length / 3)
            .map(i -> 3 * i)
            .mapToObj(i -> new MaskPrompt.Point(numbers[i], numbers[i + 1], numbers[i + 2] == 1))
            .toList());
  }

  private void assertIs(Masks all, int mask, DrawnMask drawn) {
    float[] expected = all.logits().get(":, :, " + mask).toFloatArray();
    assertArrayEquals(expected, drawn.logits(), 1e-5f, "mask " + mask);
    assertEquals(all.iou().getFloat(0, 0, mask), drawn.predictedIou(), 1e-5f);
  }

  @Test
  void onePointGetsTheBestOfThree() {
    Masks all =
        model.masks(
            embedding,
            Prompts.points(
                manager.create(new float[] {10, 6}, new Shape(1, 1, 1, 2)),
                manager.create(new long[] {1}, new Shape(1, 1, 1))));
    int best = 1;
    for (int mask = 2; mask <= 3; mask++) {
      best = all.iou().getFloat(0, 0, mask) > all.iou().getFloat(0, 0, best) ? mask : best;
    }
    assertIs(all, best, draw(points(20, 12, 1)));
  }

  @Test
  void severalPointsGetTheSingleMask() {
    Masks all =
        model.masks(
            embedding,
            Prompts.points(
                manager.create(new float[] {10, 6, 3, 2}, new Shape(1, 1, 2, 2)),
                manager.create(new long[] {1, 0}, new Shape(1, 1, 2))));
    assertIs(all, 0, draw(points(20, 12, 1, 6, 4, 0)));
  }

  @Test
  void aBoxGetsTheSingleMaskOfTheImagesSize() {
    Masks all =
        model.masks(
            embedding,
            Prompts.boxes(manager.create(new float[] {1, 2, 20, 10}, new Shape(1, 1, 4))));
    DrawnMask drawn = draw(new MaskPrompt.Box(2, 4, 40, 20));
    assertIs(all, 0, drawn);
    assertEquals(PICTURE.width(), drawn.mask().width());
    assertEquals(PICTURE.height(), drawn.mask().height());
    assertEquals(SIDE / 2, drawn.rows());
    // The left upper corner of the mask has the sign of the logits there.
    assertEquals(drawn.logits()[0] > 0 ? 1 : 0, drawn.mask().at(0, 0));
  }

  @Test
  void nothingIsLeftAndNothingOutsideIsTaken() {
    draw(points(20, 12, 1));
    int before = manager.getManagedArrays().size();
    draw(points(20, 12, 1));
    assertEquals(before, manager.getManagedArrays().size());
    assertThrows(UserError.class, () -> draw(points(64, 12, 1)));
    assertThrows(UserError.class, () -> draw(points(3, 32, 1)));
    assertThrows(UserError.class, () -> points());
    assertThrows(UserError.class, () -> draw(new MaskPrompt.Box(0, 0, 65, 3)));
    assertThrows(UserError.class, () -> new MaskPrompt.Box(4, 0, 4, 3));
    assertThrows(UserError.class, () -> new MaskPrompt.Box(0, 0, Double.NaN, 3));
  }
}
