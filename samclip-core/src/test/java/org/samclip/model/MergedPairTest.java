package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;

/** The merged model: one backbone for both heads, any side, batches, gradients. */
class MergedPairTest {

  private NDManager manager;
  private SamClipPair model;

  @BeforeEach
  void load() {
    manager = LibTorch.newManager(Device.cpu());
    model = SmallModel.load(manager, Pool.MAX);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray images(long count, long height, long width) {
    return SmallModel.random(manager, 9, count, 3, height, width);
  }

  private static void close(String label, NDArray got, NDArray expected) {
    assertEquals(expected.getShape(), got.getShape(), label);
    Vectors.assertClose(label, got.toFloatArray(), expected.toFloatArray(), 1e-4, 1e-5);
  }

  @Test
  void onePassGivesWhatThePartsGive() {
    NDArray images = images(2, 16, 16);
    TwoHeadedModel.Features all = model.features(images);
    NDArray tokens = model.imageEncoder().tokens(images);
    close("image", all.image(), model.clipHead().forward(tokens));
    close("patches", all.patches(), model.clipHead().dense(model.clipHead().features(tokens)));
    close("neck", all.neck(), model.imageEncoder().forward(images));
  }

  @Test
  void theSamPartIsASam() {
    Sam sam = new Sam(SmallModel.ENCODER, SmallModel.SAM_HEAD);
    sam.initialize(manager, 0);
    Map<String, NDArray> own = model.arrays();
    sam.arrays().forEach((name, array) -> own.get(name).copyTo(array));
    NDArray images = images(1, 16, 16);
    Prompts box = Prompts.boxes(manager.create(new float[] {2, 3, 9, 11}).reshape(1, 1, 4));
    Masks expected =
        sam.head().masks(sam.imageEncoder().forward(images), box, Prompts.CornerLabels.IGNORED);
    NDArray neck = model.features(images).neck();
    Masks got = model.samHead().masks(neck, box, Prompts.CornerLabels.IGNORED);
    close("logits", got.logits(), expected.logits());
    close("iou", got.iou(), expected.iou());
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "8, 12", "16, 16", "20, 4", "28, 36", "64, 64"})
  void everySideThatIsAMultipleOfThePatch(long height, long width) {
    TwoHeadedModel.Features all = model.features(images(2, height, width));
    long h = height / 4;
    long w = width / 4;
    assertEquals(new Shape(2, 6), all.image().getShape());
    assertEquals(new Shape(2, 6, h, w), all.patches().getShape());
    assertEquals(new Shape(2, 8, h, w), all.neck().getShape());
    NDArray point = manager.create(new float[] {1, 2}).reshape(1, 1, 1, 2).broadcast(2, 1, 1, 2);
    NDArray label = manager.create(new long[] {1, 1}).reshape(2, 1, 1);
    Masks masks =
        model
            .samHead()
            .masks(all.neck(), Prompts.points(point, label), Prompts.CornerLabels.IGNORED);
    assertEquals(new Shape(2, 1, 4, 4 * h, 4 * w), masks.logits().getShape());
    for (NDArray array : new NDArray[] {all.image(), all.patches(), all.neck(), masks.logits()}) {
      assertTrue(Float.isFinite(array.sum().getFloat()));
    }
  }

  @ParameterizedTest
  @CsvSource({"15, 16", "16, 18", "3, 4", "0, 4"})
  void otherSidesAreRefused(long height, long width) {
    NDArray images = manager.zeros(new Shape(1, 3, height, width));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> model.features(images));
    assertTrue(e.getMessage().contains("multiples of the patch 4"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"1, 16, 16", "4, 16, 16"})
  void otherChannelsAreRefused(long channels, long height, long width) {
    NDArray images = manager.zeros(new Shape(1, channels, height, width));
    assertThrows(IllegalArgumentException.class, () -> model.features(images));
  }

  @Test
  void imagesOfABatchDoNotMeet() {
    NDArray images = images(3, 20, 12);
    TwoHeadedModel.Features all = model.features(images);
    for (int i = 0; i < 3; i++) {
      TwoHeadedModel.Features one = model.features(images.get(i + ":" + (i + 1)));
      close("image", all.image().get(i).expandDims(0), one.image());
      close("patches", all.patches().get(i).expandDims(0), one.patches());
      close("neck", all.neck().get(i).expandDims(0), one.neck());
    }
  }

  @Test
  void bothHeadsTeachTheBackbone() {
    model.arrays().values().forEach(array -> array.setRequiresGradient(true));
    NDArray images = images(1, 16, 16);
    try (Autograd on = Autograd.enabled()) {
      on.backward(model.features(images).image().sum());
    }
    assertEquals(touched("image_encoder.neck", "prompt_encoder", "mask_decoder"), touchedNow());
    model = SmallModel.load(manager, Pool.MAX);
    model.arrays().values().forEach(array -> array.setRequiresGradient(true));
    try (Autograd on = Autograd.enabled()) {
      on.backward(model.features(images).neck().square().sum());
    }
    assertEquals(touched("clip_head", "prompt_encoder", "mask_decoder"), touchedNow());
  }

  /** All names but those under some prefixes. */
  private TreeSet<String> touched(String... without) {
    TreeSet<String> names = new TreeSet<>(model.arrays().keySet());
    for (String prefix : without) {
      names.removeIf(name -> name.startsWith(prefix));
    }
    return names;
  }

  private TreeSet<String> touchedNow() {
    TreeSet<String> names = new TreeSet<>();
    model
        .arrays()
        .forEach(
            (name, array) -> {
              if (array.getGradient().abs().max().getFloat() > 0) {
                names.add(name);
              }
            });
    return names;
  }

  @Test
  void partsThatDoNotFitAreRefused() {
    SamHeadConfig wide = new SamHeadConfig(16, 2, 2, 16, 4, 3, 3, 8);
    ClipHeadConfig head = new ClipHeadConfig(1, Pool.MAX, 6, 1);
    UserError e =
        assertThrows(
            UserError.class,
            () -> SamClipPair.of(SamClipPair.config(SmallModel.ENCODER, wide, head)));
    assertTrue(e.getMessage().contains("8") && e.getMessage().contains("16"), e.getMessage());
    assertThrows(UserError.class, () -> new ClipHeadConfig(1, Pool.MAX, 0, 1));
    for (int window : new int[] {0, 2, 65}) {
      assertThrows(UserError.class, () -> new ClipHeadConfig(1, Pool.MAX, 6, window));
    }
    assertTrue(
        assertThrows(UserError.class, () -> Preset.of("vit-x")).getMessage().contains("vit-b"));
  }
}
