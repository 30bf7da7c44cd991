package org.samclip.model.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.RandomModels;
import org.samclip.model.TwoHeadedModel;
import org.samclip.sam.Masks;
import org.samclip.student.MergedModel;
import org.samclip.student.SamClipPair;

/** The archive runs in libtorch alone and gives what the Java model gives. */
class TorchScriptArchiveTest {

  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;
  private NDManager manager;
  private Autograd off;
  private MergedModel model;
  private SamClipPair pair;
  private PtSymbolBlock module;

  @BeforeEach
  void write() throws IOException {
    manager = LibTorch.newManager(Device.cpu());
    off = Autograd.disabled();
    model = RandomModels.merged(manager);
    pair = new SamClipPair(model.student());
    Path file = folder.resolve("model.pt");
    TorchScriptArchive.of(model).orElseThrow().write(file, Map.of("samclip.kind", "samclip"));
    try (InputStream in = Files.newInputStream(file)) {
      module = JniUtils.loadModule((PtNDManager) manager, in, false, false);
    }
  }

  @AfterEach
  void close() {
    module.close();
    off.close();
    manager.close();
  }

  @Test
  void forwardIsThatOfTheModelAtEverySide() {
    for (Shape shape : new Shape[] {new Shape(2, 3, 32, 32), new Shape(1, 3, 48, 24)}) {
      NDArray images = manager.randomNormal(shape);
      TwoHeadedModel.Features expected = pair.features(images);
      NDList got = call("forward", images);
      same(expected.image(), got.get(0));
      same(expected.patches(), got.get(1));
      same(expected.neck(), got.get(2));
    }
  }

  @Test
  void decodesPointsBoxesAndMasks() {
    NDArray neck = pair.features(manager.randomNormal(new Shape(2, 3, 32, 32))).neck();
    NDArray points = manager.randomUniform(0, 32, new Shape(2, 3, 2, 2));
    NDArray labels =
        manager.create(new long[] {1, -1, 0, 1, 2, 3, 1, 1, 2, 3, 0, -1}, new Shape(2, 3, 2));
    NDArray masks = manager.randomNormal(new Shape(2, 3, 1, 16, 16));

    Masks plain = pair.samHead().masksOfTokens(neck, points, labels);
    NDList got = call("decode", neck, points, labels);
    same(plain.logits(), got.get(0));
    same(plain.iou(), got.get(1));

    Masks refined = pair.samHead().masksOfTokens(neck, points, labels, masks);
    NDList gotRefined = call("decode", neck, points, labels, masks);
    same(refined.logits(), gotRefined.get(0));
    same(refined.iou(), gotRefined.get(1));
    assertTrue(refined.logits().sub(plain.logits()).abs().max().getFloat() > 1e-3);
  }

  @Test
  void decodesWithoutAnyPrompt() {
    NDArray neck = pair.features(manager.randomNormal(new Shape(1, 3, 32, 32))).neck();
    Masks expected = pair.samHead().unprompted(neck);
    NDArray none = manager.create(new Shape(1, 1, 0, 2));
    NDList got = call("decode", neck, none, manager.create(new long[0], new Shape(1, 1, 0)));
    same(expected.logits(), got.get(0));
  }

  @Test
  void encodesTexts() {
    long[] ids = {13, 2, 9, 14, 0, 0, 0, 0, 13, 4, 5, 11, 14, 0, 0, 0};
    NDArray tokens = manager.create(ids, new Shape(2, 8));
    same(
        model.language().orElseThrow().text().tower().forward(tokens),
        call("encode_text", tokens).get(0));
  }

  private NDList call(String method, NDArray... arguments) {
    NDList inputs = new NDList(arguments);
    NDArray name = manager.create(0f);
    name.setName("module_method:" + method);
    inputs.add(name);
    NDList outputs = IValueUtils.forward(module, inputs, false);
    outputs.attach(manager);
    return outputs;
  }

  private static void same(NDArray expected, NDArray got) {
    assertArrayEquals(expected.getShape().getShape(), got.getShape().getShape());
    double largest = expected.abs().max().getFloat();
    assertTrue(largest > 0);
    assertEquals(0, got.sub(expected).abs().max().getFloat() / largest, TOLERANCE);
  }
}
