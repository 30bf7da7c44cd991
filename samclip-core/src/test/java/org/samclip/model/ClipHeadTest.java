package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.student.ClipHead;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;
import org.samclip.student.StudentConfig;
import org.samclip.vitdet.Block;
import org.samclip.vitdet.BlockPass;

/** The CLIP head's two outputs, and its start from the backbone's last layer. */
class ClipHeadTest {

  private NDManager manager;
  private Autograd off;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
    off = Autograd.disabled();
  }

  @AfterEach
  void close() {
    off.close();
    manager.close();
  }

  private static void close(String label, NDArray got, NDArray expected) {
    assertEquals(expected.getShape(), got.getShape(), label);
    Vectors.assertClose(label, got.toFloatArray(), expected.toFloatArray(), 1e-4, 1e-5);
  }

  private static NDArray unit(NDArray x) {
    return x.div(x.mul(x).sum(new int[] {-1}, true).sqrt());
  }

  /** LayerNorm, then three linear layers with GELU between them. */
  private static NDArray project(ClipHead head, NDArray x) {
    Map<String, NDArray> w = head.arrays();
    int[] last = {-1};
    NDArray centred = x.sub(x.mean(last, true));
    NDArray y = centred.div(centred.mul(centred).mean(last, true).add(1e-6).sqrt());
    y = y.mul(w.get("norm.weight")).add(w.get("norm.bias"));
    for (int i = 0; i < 3; i++) {
      String layer = "mlp.layers." + i;
      y = y.matMul(w.get(layer + ".weight").transpose()).add(w.get(layer + ".bias"));
      y = i < 2 ? Activation.gelu(y) : y;
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource(Pool.class)
  void bothOutputsAreTheirFormulas(Pool pool) {
    ClipHead head = SmallModel.load(manager, pool).clipHead();
    NDArray tokens = SmallModel.random(manager, 1, 2, 3, 5, 16);
    NDArray features = head.features(tokens);
    NDArray patches = features.reshape(2, 15, 16);
    int[] over = {1};
    NDArray one = pool == Pool.MAX ? patches.max(over) : patches.mean(over);
    close("pooled", head.pooled(features), project(head, one));
    NDArray dense = unit(project(head, patches)).transpose(0, 2, 1).reshape(2, 6, 3, 5);
    close("dense", head.dense(features), dense);
    close("forward", head.forward(tokens), head.pooled(features));
  }

  @ParameterizedTest
  @EnumSource(Pool.class)
  void aRegionIsPooledAsAnImageOfItsTokens(Pool pool) {
    ClipHead head = SmallModel.load(manager, pool).clipHead();
    NDArray features = SmallModel.random(manager, 4, 1, 3, 5, 16);
    long[] all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    long[] apart = {3, 12, 4};
    NDArray got = head.pooled(features, List.of(all, apart, new long[] {7}));
    close("whole", got.get("0:1"), head.pooled(features));
    NDArray row = features.get(":, 0, 3:5").concat(features.get(":, 2, 2:3"), 1);
    close("apart", got.get("1:2"), head.pooled(row.expandDims(1)));
    close("one", got.get("2:3"), head.pooled(features.get(":, 1:2, 2:3")));
  }

  /** Each place by itself: the pooled output of an image that is nothing but its neighbourhood. */
  @ParameterizedTest
  @EnumSource(Pool.class)
  void aDenseFeatureIsThePooledOutputOfItsWindow(Pool pool) {
    StudentConfig sizes =
        SamClipPair.config(
            SmallModel.ENCODER, SmallModel.SAM_HEAD, new ClipHeadConfig(2, pool, 6, 3));
    SamClipPair model = SamClipPair.of(sizes);
    model.initialize(manager, 3);
    SmallModel.stir(model.student());
    ClipHead head = model.clipHead();
    NDArray features = SmallModel.random(manager, 3, 2, 4, 5, 16);
    NDArray dense = head.dense(features);
    assertEquals(new Shape(2, 6, 4, 5), dense.getShape());
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 5; x++) {
        NDArray window =
            features.get(
                ":, {}:{}, {}:{}",
                Math.max(0, y - 1),
                Math.min(4, y + 2),
                Math.max(0, x - 1),
                Math.min(5, x + 2));
        close(y + ", " + x, dense.get(":, :, " + y + ", " + x), unit(head.pooled(window)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Pool.class)
  void patchesThatAreAllEqualGiveTheImagesOwnDirection(Pool pool) {
    ClipHead head = SmallModel.load(manager, pool).clipHead();
    NDArray one = SmallModel.random(manager, 2, 2, 1, 1, 16);
    NDArray features = one.broadcast(2, 3, 4, 16);
    NDArray expected = unit(head.pooled(features)).reshape(2, 6, 1, 1).broadcast(2, 6, 3, 4);
    close("dense", head.dense(features), expected);
  }

  /** What is copied is the last layer's, to the bit, and all else is what it was. */
  @ParameterizedTest
  @CsvSource({"LAST_LAYER, 14, .*", "LAST_ATTENTION, 6, attn\\..*", "RANDOM, 0, "})
  void layersStartAsTheLastOne(ClipHead.Init init, int copiedOfEach, String names) {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    Map<String, float[]> before = values(model);
    model.initializeClipHead(init);
    Map<String, float[]> after = values(model);
    String last = "image_encoder.blocks." + (SmallModel.ENCODER.depth() - 1) + ".";
    int copied = 0;
    for (String name : after.keySet()) {
      String inLayer = name.replaceFirst("clip_head\\.blocks\\.\\d+\\.", "");
      if (names != null && !inLayer.equals(name) && inLayer.matches(names)) {
        assertArrayEquals(before.get(last + inLayer), after.get(name), name);
        copied++;
      } else {
        assertArrayEquals(before.get(name), after.get(name), name);
      }
    }
    assertEquals(2 * copiedOfEach, copied);
  }

  /** A head of one layer then says what the backbone would, had it that layer twice. */
  @Test
  void theWholeLayerIsTheLastLayer() {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    model.initializeClipHead(ClipHead.Init.LAST_LAYER);
    NDArray tokens = SmallModel.random(manager, 1, 1, 4, 4, 16);
    var blocks = model.imageEncoder().blocks().getChildren().values();
    Block last = (Block) blocks.get(blocks.size() - 1);
    NDArray twice = last.forward(last.forward(tokens));
    assertArrayEquals(
        twice.toFloatArray(), model.clipHead().features(tokens).toFloatArray(), 1e-5f);
  }

  @Test
  void theHeadHasACopyOfItsOwn() {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    model.initializeClipHead(ClipHead.Init.LAST_LAYER);
    String own = "clip_head.blocks.0.attn.proj.weight";
    float[] before = model.arrays().get(own).toFloatArray();
    model.arrays().get("image_encoder.blocks.1.attn.proj.weight").addi(1);
    assertArrayEquals(before, model.arrays().get(own).toFloatArray());
  }

  private static Map<String, float[]> values(SamClipPair model) {
    Map<String, float[]> values = new LinkedHashMap<>();
    model.arrays().forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }

  @Test
  void aTrainableHeadCanStillBeInitialised() {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    model.arrays().values().forEach(array -> array.setRequiresGradient(true));
    off.close();
    try (Autograd on = Autograd.enabled()) {
      model.initializeClipHead(ClipHead.Init.LAST_LAYER);
    }
    off = Autograd.disabled();
    Map<String, NDArray> arrays = model.arrays();
    assertEquals(
        arrays.get("image_encoder.blocks.1.attn.qkv.weight"),
        arrays.get("clip_head.blocks.1.attn.qkv.weight"));
  }

  @Test
  void layersOfTheHeadAreGlobalAtEveryGrid() {
    ClipHead head = SmallModel.load(manager, Pool.MEAN).clipHead();
    NDArray tokens = SmallModel.random(manager, 4, 1, 7, 2, 16);
    NDArray base = head.features(tokens);
    NDArray far = SmallModel.random(manager, 4, 1, 7, 2, 16);
    far.set(new ai.djl.ndarray.index.NDIndex("0, 6, 1"), 5f);
    NDArray change = head.features(far).sub(base).abs().get("0, 0, 0");
    assertTrue(change.max().getFloat() > 1e-6, "the first token does not see the last");
    assertNotEquals(0f, base.get("0, 0, 0").norm().getFloat());
  }

  /** In autograd's record, and for a large grid with the blocks' own backward pass. */
  @ParameterizedTest
  @ValueSource(ints = {5, 32})
  void aTrainingStepHasAutogradsGradients(int height) {
    ClipHead head = SmallModel.load(manager, Pool.MEAN).clipHead();
    head.arrays().values().forEach(array -> array.setRequiresGradient(true));
    NDArray tokens = SmallModel.random(manager, 2, 2, height, 33, 16);
    tokens.setRequiresGradient(true);
    NDArray upstream = SmallModel.random(manager, 3, 2, 6);
    try (Autograd on = Autograd.enabled()) {
      on.backward(head.forward(tokens), upstream);
      Map<String, float[]> expected = taken(head, tokens);
      BlockPass pass = head.pass(tokens);
      on.backward(head.pooled(pass.output()), upstream);
      pass.backward(on);
      Map<String, float[]> got = taken(head, tokens);
      expected.forEach(
          (name, values) -> {
            float largest = 0;
            for (float value : values) {
              largest = Math.max(largest, Math.abs(value));
            }
            assertTrue(largest > 0, name);
            Vectors.assertClose(name, got.get(name), values, 1e-3, 1e-4 * largest);
          });
    }
  }

  /** Gradients of the head and of its tokens, which are zero afterwards. */
  private static Map<String, float[]> taken(ClipHead head, NDArray tokens) {
    Map<String, NDArray> all = new LinkedHashMap<>(head.arrays());
    all.put("tokens", tokens);
    Map<String, float[]> gradients = new LinkedHashMap<>();
    all.forEach(
        (name, array) -> {
          NDArray gradient = array.getGradient();
          gradients.put(name, gradient.toFloatArray());
          gradient.subi(gradient);
        });
    return gradients;
  }
}
