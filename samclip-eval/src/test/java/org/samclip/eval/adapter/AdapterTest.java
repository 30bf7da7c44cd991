package org.samclip.eval.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.clip.DenseForm;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.HeadFeatures;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.RandomModels;
import org.samclip.model.SamModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.student.ClipHead;
import org.samclip.student.MergedModel;

class AdapterTest {

  private static final int SIDE = RandomModels.SIDE;
  private static final float TOLERANCE = 1e-5f;

  private final NDManager weights = LibTorch.newManager(Device.cpu());
  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
    weights.close();
  }

  private NDArray images(long count) {
    NDArray ramp = manager.arange(0, count * 3 * SIDE * SIDE, 1, DataType.FLOAT32);
    return ramp.mul(.37).sin().reshape(count, 3, SIDE, SIDE);
  }

  private Prompts points() {
    return Prompts.points(
        manager.create(new float[] {3, 4, 20, 9}, new Shape(1, 2, 1, 2)),
        manager.ones(new Shape(1, 2, 1), DataType.INT64));
  }

  private static void assertUnitRows(NDArray array, int axis) {
    for (float length : array.square().sum(new int[] {axis}).toFloatArray()) {
      assertEquals(1, length, TOLERANCE);
    }
  }

  private static void assertSame(NDArray expected, NDArray actual) {
    assertEquals(expected.getShape(), actual.getShape());
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), TOLERANCE);
  }

  @Test
  void clipIsMeasuredInItsOwnSpace() {
    ClipModel model = RandomModels.clip(weights);
    ImageTextAdapter adapter = new ImageTextAdapter(model.withDense(DenseForm.OUTPUT));
    assertEquals(SIDE, adapter.imageSide());
    assertEquals(Normalisation.CLIP, adapter.normalisation());
    assertEquals(Device.cpu(), adapter.device());
    NDArray images = images(2);
    assertSame(model.clip().embedImages(images), adapter.embedImages(images));
    NDArray patches = adapter.patchFeatures(images);
    assertUnitRows(patches, 1);
    for (DenseForm form : DenseForm.values()) {
      NDArray bare = model.clip().visual().patchFeatures(images, form);
      NDArray length = bare.square().sum(new int[] {1}, true).sqrt();
      assertSame(
          bare.div(length), new ImageTextAdapter(model.withDense(form)).patchFeatures(images));
    }
    assertSame(
        new ImageTextAdapter(model.withDense(DenseForm.OUTPUT)).patchFeatures(images), patches);
    NDArray texts = adapter.embedTexts(manager, List.of("a red", "a blue", "red red"));
    assertEquals(new Shape(3, 8), texts.getShape());
    assertUnitRows(texts, 1);
    assertNotEquals(texts.getFloat(0, 0), texts.getFloat(1, 0));
  }

  @Test
  void samGivesAllMasks() {
    SamModel model = RandomModels.sam(weights);
    PromptedMaskAdapter adapter = new PromptedMaskAdapter(model);
    assertEquals(SIDE, adapter.imageSide());
    assertEquals(Normalisation.SAM, adapter.normalisation());
    NDArray embedding = adapter.encodeImages(images(1));
    Masks masks = adapter.masks(embedding, points());
    assertEquals(new Shape(1, 2, 4, SIDE / 2, SIDE / 2), masks.logits().getShape());
    assertEquals(new Shape(1, 2, 4), masks.iou().getShape());
    Masks expected =
        model
            .sam()
            .head()
            .masks(
                model.sam().imageEncoder().forward(images(1)),
                points(),
                Prompts.CornerLabels.IGNORED);
    assertSame(expected.logits(), masks.logits());
  }

  @Test
  void oneBackboneServesBothHeads() {
    TwoHeadedModel model = RandomModels.twoHeaded(weights);
    TwoHeadAdapter adapter = new TwoHeadAdapter(model);
    assertEquals(SIDE, adapter.imageSide());
    assertEquals(Normalisation.SAM, adapter.normalisation());
    NDArray images = images(2);
    HeadFeatures features = adapter.features(images);
    assertSame(features.patches(), adapter.patchFeatures(images));
    assertSame(features.neck(), adapter.encodeImages(images));
    NDArray embedded = adapter.embedImages(images);
    assertUnitRows(embedded, 1);
    NDArray bare = model.features(images).image();
    NDArray length = bare.square().sum(new int[] {1}, true).sqrt();
    assertSame(bare.div(length), embedded);
    assertUnitRows(adapter.embedTexts(manager, List.of("green")), 1);
  }

  @Test
  void aRegionIsEmbeddedAsAnImageOfItsTokens() {
    MergedModel model = RandomModels.merged(weights);
    TwoHeadAdapter adapter = new TwoHeadAdapter(model.as(TwoHeadedModel.class).orElseThrow());
    HeadFeatures features = adapter.features(images(1));
    NDArray tokens = features.tokens();
    int columns = (int) tokens.getShape().get(2);
    long[] all = LongStream.range(0, tokens.getShape().get(1) * columns).toArray();
    long[] corner = {1, 2, columns + 1, columns + 2};
    NDArray embedded = adapter.embedRegions(tokens, List.of(all, corner));
    assertSame(adapter.embedImages(images(1)), embedded.get("0:1"));
    ClipHead head = (ClipHead) model.student().head("clip_head");
    NDArray cut = head.pooled(tokens.get(":, :2, 1:3"));
    assertSame(cut.div(cut.square().sum(new int[] {1}, true).sqrt()), embedded.get("1:2"));
  }

  @Test
  void onlyResultsStayAndNothingIsRecorded() {
    TwoHeadedModel model = RandomModels.twoHeaded(weights);
    model.modules().get("").arrays().values().forEach(array -> array.setRequiresGradient(true));
    TwoHeadAdapter adapter = new TwoHeadAdapter(model);
    NDArray images = images(1);
    Prompts prompts = points();
    adapter.features(images);
    int before = manager.getManagedArrays().size();
    int weightsBefore = weights.getManagedArrays().size();
    HeadFeatures features = adapter.features(images);
    assertEquals(before + 3, manager.getManagedArrays().size());
    Masks masks = adapter.masks(features.neck(), prompts);
    assertEquals(before + 5, manager.getManagedArrays().size());
    adapter.embedRegions(features.tokens(), List.of(new long[] {0, 1}, new long[] {2}));
    assertEquals(before + 6, manager.getManagedArrays().size());
    adapter.embedTexts(manager, List.of("red", "blue"));
    assertEquals(before + 7, manager.getManagedArrays().size());
    assertEquals(weightsBefore, weights.getManagedArrays().size());
    assertEquals(false, masks.logits().hasGradient());
  }
}
