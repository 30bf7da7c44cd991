package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.clip.Clip;
import org.samclip.clip.DenseForm;
import org.samclip.clip.ImageTower;
import org.samclip.clip.TextTower;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.nn.Layer;
import org.samclip.nn.PositionGrid;

/** CLIP against open_clip's own code: every stage of both towers, the loss, gradients. */
class ClipParityTest {

  private final Vectors vectors = Vectors.load(ClipVectors.SET);
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static List<String> variants() {
    return ClipVectors.variants();
  }

  private static String io(String variant) {
    return ClipVectors.SET + "_" + variant + "_io";
  }

  private NDArray input(String variant, String tensor) {
    return vectors.array(io(variant), tensor, manager);
  }

  private void check(String variant, String tensor, NDArray got) {
    Vectors.Tolerance limit = vectors.tolerance(variant, "outputs");
    vectors.assertClose(tensor, got, io(variant), tensor, limit);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everyStageOfTheImageTower(String variant) {
    ImageTower tower = ClipVectors.load(vectors, variant, manager).visual();
    NDArray images = input(variant, "input.image");
    check(variant, "visual.conv1", ((Layer) tower.getChildren().get("conv1")).forward(images));
    NDArray x = tower.embed(images);
    check(variant, "visual.ln_pre", x);
    int i = 0;
    for (Block block : tower.transformer().blocks().getChildren().values()) {
      x = ((Layer) block).forward(x);
      check(variant, "visual.block" + i++, x);
    }
    check(variant, "visual.tokens_pre_pool", tower.tokens(images));
    check(variant, "visual.tokens_ln_post", tower.lnPost().forward(x));
    check(variant, "visual.tokens_projected", tower.project(x));
    check(variant, "image_features", tower.forward(images));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void patchFeaturesAreTheProjectedTokensInTheirPlaces(String variant) {
    ImageTower tower = ClipVectors.load(vectors, variant, manager).visual();
    NDArray images = input(variant, "input.image");
    NDArray dense = tower.patchFeatures(images, DenseForm.OUTPUT);
    long b = dense.getShape().get(0);
    long e = dense.getShape().get(1);
    NDArray tokens = dense.reshape(b, e, -1).transpose(0, 2, 1);
    NDArray expected = input(variant, "visual.tokens_projected").get(":, 1:");
    Vectors.Tolerance limit = vectors.tolerance(variant, "outputs");
    Vectors.assertClose(
        "patch features",
        tokens.toFloatArray(),
        expected.toFloatArray(),
        limit.rtol(),
        limit.atol());
  }

  /**
   * Against open_clip with a mask by which each token of the last block attends to itself alone.
   */
  @ParameterizedTest
  @MethodSource("variants")
  void patchFeaturesByTheValuePathOfTheLastBlock(String variant) {
    ImageTower tower = ClipVectors.load(vectors, variant, manager).visual();
    NDArray images = input(variant, "input.image");
    Vectors dense = Vectors.load("clip_tiny_dense");
    for (DenseForm form : List.of(DenseForm.VALUE, DenseForm.VALUE_BLOCK)) {
      String tensor = variant + "." + form.name().toLowerCase(Locale.ROOT);
      NDArray got = tower.patchFeatures(images, form);
      dense.assertClose(tensor, got, "clip_tiny_dense", tensor, dense.tolerance());
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everyStageOfTheTextTower(String variant) {
    TextTower tower = ClipVectors.load(vectors, variant, manager).text();
    NDArray ids = input(variant, "input.text");
    NDArray x = tower.embed(ids);
    int i = 0;
    for (Block block : tower.transformer().blocks().getChildren().values()) {
      x = ((Layer) block).forward(x);
      check(variant, "text.block" + i++, x);
    }
    check(variant, "text.tokens_ln_final", tower.tokens(ids));
    check(variant, "text_features", tower.forward(ids));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void featuresAndLogits(String variant) {
    Clip clip = ClipVectors.load(vectors, variant, manager);
    NDArray image = clip.embedImages(input(variant, "input.image"));
    NDArray text = clip.embedTexts(input(variant, "input.text"));
    check(variant, "image_features_normalised", image);
    check(variant, "text_features_normalised", text);
    check(variant, "logit_scale_exp", clip.arrays().get("logit_scale").exp());
    NDArray logits = clip.logits(image, text);
    check(variant, "logits_per_image", logits);
    check(variant, "logits_per_text", logits.transpose());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void lossAndGradientsOfEveryParameter(String variant) {
    Clip clip = ClipVectors.load(vectors, variant, manager);
    NDArray images = input(variant, "input.image");
    images.setRequiresGradient(true);
    Map<String, NDArray> weights = clip.arrays();
    weights.values().forEach(w -> w.setRequiresGradient(true));
    try (Autograd on = Autograd.enabled()) {
      NDArray tokens = clip.visual().project(clip.visual().tokens(images));
      NDArray image = Kernels.normalize(tokens.get(":, 0"));
      NDArray contrastive =
          contrastive(clip.logits(image, clip.embedTexts(input(variant, "input.text"))));
      check(variant, "loss.contrastive", contrastive);
      NDArray ofTokens = tokens.mul(input(variant, "loss_weight.tokens")).sum();
      check(variant, "loss.tokens", ofTokens);
      NDArray loss = contrastive.add(ofTokens);
      check(variant, "loss", loss);
      on.backward(loss);
    }
    String grads = ClipVectors.SET + "_" + variant + "_grads";
    Set<String> own = new HashSet<>(weights.keySet());
    own.add("input.image");
    assertEquals(own, vectors.names(grads));
    Vectors.Tolerance limit = vectors.tolerance(variant, "gradients");
    for (String name : own) {
      NDArray of = name.equals("input.image") ? images : weights.get(name);
      vectors.assertClose(name, of.getGradient(), grads, name, limit);
    }
  }

  /** Mean of both directions' cross entropies; pair i is image i with text i. */
  private NDArray contrastive(NDArray logits) {
    NDArray pairs = manager.eye((int) logits.getShape().get(0));
    NDArray perImage = logits.logSoftmax(1).mul(pairs).sum();
    NDArray perText = logits.logSoftmax(0).mul(pairs).sum();
    return perImage.add(perText).div(-2f * logits.getShape().get(0));
  }

  @Test
  void positionsForOtherImageSizes() {
    String file = ClipVectors.SET + "_resized_positions";
    String variant = variants().get(0);
    Clip clip = ClipVectors.load(vectors, variant, manager);
    NDArray own = clip.arrays().get("visual.positional_embedding");
    int patch = clip.config().vision().patch();
    Vectors.Tolerance limit = vectors.tolerance(variant, "outputs");
    Set<String> names = vectors.names(file);
    assertFalse(names.isEmpty());
    for (String name : names) {
      int side = Integer.parseInt(name.substring(name.lastIndexOf('.') + 1));
      int grid = side / patch;
      NDArray resized = PositionGrid.resizeWithClass(manager, own, grid, grid);
      vectors.assertClose(name, resized, file, name, limit);
      assertTowerUsesThem(clip, side, vectors.array(file, name, manager), limit);
    }
  }

  /** A tower made for the other size and given the resized table must agree. */
  private void assertTowerUsesThem(
      Clip clip, int side, NDArray positions, Vectors.Tolerance limit) {
    ImageTower tower = clip.visual();
    NDArray images = manager.arange(3f * side * side).div(side).sin().reshape(1, 3, side, side);
    NDArray patches = ((Layer) tower.getChildren().get("conv1")).forward(images);
    long c = patches.getShape().get(1);
    NDArray cls = clip.arrays().get("visual.class_embedding").reshape(1, 1, c);
    NDArray tokens = cls.concat(patches.reshape(1, c, -1).transpose(0, 2, 1), 1).add(positions);
    NDArray expected = ((Layer) tower.getChildren().get("ln_pre")).forward(tokens);
    Vectors.assertClose(
        "tokens at " + side,
        tower.embed(images).toFloatArray(),
        expected.toFloatArray(),
        limit.rtol(),
        limit.atol());
  }
}
