package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.translate.NoopTranslator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.sam.PromptEncoder;
import org.samclip.sam.Prompts;
import org.samclip.sam.Prompts.CornerLabels;
import org.samclip.sam.Sam;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;
import org.samclip.vitdet.ImageEncoder;

/** What DJL's tools see of a module: its forward over lists, its shapes, its parameters. */
class BlockContractTest {

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** The forward of DJL gives what the typed one gave, in the shapes that were announced. */
  private void assertContract(Block block, NDList inputs, NDArray... typed) {
    ParameterStore store = new ParameterStore(manager, false);
    NDList outputs = block.forward(store, inputs, false);
    assertEquals(typed.length, outputs.size());
    for (int i = 0; i < typed.length; i++) {
      assertArrayEquals(typed[i].toFloatArray(), outputs.get(i).toFloatArray(), "output " + i);
    }
    Shape[] announced = block.getOutputShapes(inputs.getShapes());
    assertArrayEquals(outputs.getShapes(), announced, Arrays.toString(announced));
    assertTrue(block.isInitialized());
  }

  private NDArray random(long... shape) {
    return SmallModel.random(manager, 6, shape);
  }

  private NDArray labels() {
    return manager.create(new long[] {1, 0, 2, 3, -1, 1}).reshape(1, 2, 3);
  }

  @Test
  void samClipAndItsParts() {
    SamClipPair model = SmallModel.load(manager, Pool.MEAN);
    NDArray images = random(2, 3, 12, 20);
    TwoHeadedModel.Features all = model.features(images);
    assertContract(model.student(), new NDList(images), all.image(), all.patches(), all.neck());
    ImageEncoder encoder = model.imageEncoder();
    assertContract(encoder, new NDList(images), encoder.forward(images));
    NDArray tokens = encoder.tokens(images);
    assertContract(model.clipHead(), new NDList(tokens), model.clipHead().forward(tokens));
    NDArray embedded = encoder.embed(images);
    assertContract(encoder.blocks(), new NDList(embedded), tokens);
    NDArray neck = tokens.transpose(0, 3, 1, 2);
    assertContract(encoder.neckLayers(), new NDList(neck), encoder.neck(tokens));
    for (Block block : encoder.blocks().getChildren().values()) {
      NDArray expected = ((org.samclip.nn.Layer) block).forward(embedded);
      assertContract(block, new NDList(embedded), expected);
      Block attention = block.getChildren().get("attn");
      expected = ((org.samclip.nn.Layer) attention).forward(embedded);
      assertContract(attention, new NDList(embedded), expected);
    }
    Block patches = encoder.getChildren().get("patch_embed");
    assertContract(patches, new NDList(images), ((org.samclip.nn.Layer) patches).forward(images));
  }

  @Test
  void samAndItsHead() {
    Sam sam = new Sam(SmallModel.ENCODER, SmallModel.SAM_HEAD);
    sam.initialize(manager, 1);
    SmallModel.stir(sam);
    NDArray images = random(1, 3, 16, 16);
    NDArray xy = random(1, 2, 3, 2).add(3);
    Prompts prompts = Prompts.points(xy, labels());
    NDArray embedding = sam.imageEncoder().forward(images);
    Masks masks = sam.head().masks(embedding, prompts, CornerLabels.EMBEDDED);
    assertContract(sam, new NDList(images, xy, labels()), masks.logits(), masks.iou());

    PromptEncoder encoder = sam.head().prompts();
    NDArray sparse = encoder.sparse(prompts, 16, 16, CornerLabels.EMBEDDED);
    NDArray size = manager.create(new float[] {16, 16});
    assertContract(encoder, new NDList(xy, labels(), size), sparse);

    NDArray positions = encoder.densePositions(manager, 4, 4);
    NDArray dense = encoder.dense(prompts, 1, 2, 4, 4, manager);
    NDList inputs = new NDList(embedding, positions, sparse, dense);
    assertContract(sam.head().decoder(), inputs, masks.logits(), masks.iou());
    NDArray map = random(2, 8, 4, 4);
    Block upscaling = sam.head().decoder().upscaling();
    assertContract(upscaling, new NDList(map), sam.head().decoder().upscaling().forward(map));
  }

  @Test
  void clipAndItsTowers() {
    Clip clip =
        new Clip(
            new ClipConfig(
                6,
                true,
                new ClipConfig.Vision(16, 4, 8, 2, 2, 2),
                new ClipConfig.Text(7, 11, 12, 3, 1, 4)));
    clip.initialize(manager, 1);
    SmallModel.stir(clip);
    NDArray images = random(2, 3, 16, 16);
    NDArray ids =
        manager.create(
            new long[] {9, 3, 10, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 10, 9, 10, 0, 0, 0, 0, 0});
    NDArray texts = ids.reshape(3, 7);
    NDArray logits = clip.logits(clip.embedImages(images), clip.embedTexts(texts));
    assertContract(clip, new NDList(images, texts), logits);
    assertContract(clip.visual(), new NDList(images), clip.visual().forward(images));
    assertContract(clip.text(), new NDList(texts), clip.text().forward(texts));
    NDArray tokens = clip.visual().embed(images);
    NDArray after = clip.visual().transformer().forward(tokens);
    assertContract(clip.visual().transformer(), new NDList(tokens), after);
  }

  @Test
  void clipRefusesSidesThatPatchesDoNotTile() {
    ClipConfig.Vision vision = new ClipConfig.Vision(16, 4, 8, 2, 2, 2);
    Clip clip = new Clip(new ClipConfig(6, true, vision, new ClipConfig.Text(7, 11, 12, 3, 1, 4)));
    clip.initialize(manager, 1);
    assertThrows(IllegalArgumentException.class, () -> clip.visual().forward(random(1, 3, 18, 16)));
    assertEquals(new Shape(1, 6), clip.visual().forward(random(1, 3, 24, 8)).getShape());
  }

  @Test
  void aPredictorOfDjlRunsTheModel() throws Exception {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    NDArray images = random(1, 3, 16, 16);
    try (Model wrapped = Model.newInstance("samclip", Device.cpu(), "PyTorch")) {
      wrapped.setBlock(model.student());
      try (Predictor<NDList, NDList> predictor = wrapped.newPredictor(new NoopTranslator())) {
        NDList got = predictor.predict(new NDList(images));
        assertArrayEquals(model.features(images).image().toFloatArray(), got.get(0).toFloatArray());
      }
    }
  }

  @Test
  void djlsOwnParameterFilesGoRound() throws Exception {
    SamClipPair model = SmallModel.load(manager, Pool.MAX);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    model.student().saveParameters(new DataOutputStream(bytes));
    SamClipPair other = SamClipPair.of(SmallModel.config(Pool.MAX));
    other
        .student()
        .loadParameters(
            manager, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    model.arrays().forEach((name, array) -> assertEquals(array, other.arrays().get(name), name));
  }

  @Test
  void djlsInitializeGivesSeedZeroAndFloatsOnly() {
    SamClipPair byDjl = SamClipPair.of(SmallModel.config(Pool.MAX));
    assertThrows(
        IllegalArgumentException.class,
        () -> byDjl.student().initialize(manager, DataType.FLOAT16, new Shape(1, 3, 16, 16)));
    byDjl.student().initialize(manager, DataType.FLOAT32, new Shape(1, 3, 16, 16));
    SamClipPair own = SamClipPair.of(SmallModel.config(Pool.MAX));
    own.initialize(manager, 0);
    own.arrays().forEach((name, array) -> assertEquals(array, byDjl.arrays().get(name), name));
  }
}
