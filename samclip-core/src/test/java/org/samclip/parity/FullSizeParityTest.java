package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.TensorSource;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Preset;
import org.samclip.nn.Module;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Prompts.CornerLabels;
import org.samclip.sam.Sam;

/**
 * Models of the published sizes against the public Python programs, with the weights and outputs of
 * {@code scripts/parity/make_full_size.py}:
 *
 * <pre>mvn -Pparity -Dsamclip.parity=DIR -pl samclip-core test</pre>
 */
@Tag("parity")
class FullSizeParityTest {

  /** Largest difference allowed, as a share of the largest expected value. */
  private static final double TOLERANCE = 1e-4;

  private static Path folder;

  private NDManager manager;
  private Autograd off;
  private TensorSource io;
  private String label;
  private boolean failed;

  /** The published sizes of open_clip's models (model_configs/). */
  private enum OpenClip {
    VIT_B_16(
        new ClipConfig(
            512,
            false,
            new ClipConfig.Vision(224, 16, 768, 12, 12, 4),
            new ClipConfig.Text(77, 49408, 512, 8, 12, 4))),
    VIT_L_14(
        new ClipConfig(
            768,
            false,
            new ClipConfig.Vision(224, 14, 1024, 24, 16, 4),
            new ClipConfig.Text(77, 49408, 768, 12, 12, 4)));

    private final ClipConfig config;
    private final String file = "openclip_" + name().toLowerCase(java.util.Locale.ROOT);

    OpenClip(ClipConfig config) {
      this.config = config;
    }
  }

  @BeforeAll
  static void findVectors() {
    String given = System.getProperty("samclip.parity", "");
    assertFalse(given.isEmpty(), "give the folder of make_full_size.py: -Dsamclip.parity=DIR");
    folder = Path.of(System.getProperty("samclip.vectors.base", "")).resolve(given);
    assertTrue(Files.isDirectory(folder), folder + " is not a folder");
    System.out.println("| model | output | shape | largest value | relative error |");
    System.out.println("|---|---|---|---:|---:|");
  }

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

  @Test
  void samVitB() {
    label = "SAM ViT-B, 1024 px";
    Sam sam = new Sam(Preset.VIT_B.encoder(), Preset.VIT_B.samHead());
    load(sam, "sam_vit_b.pth");
    io = Checkpoints.open(folder.resolve("sam_vit_b_io.safetensors"));
    try (TensorSource closing = io) {
      NDArray tokens = sam.imageEncoder().tokens(read("image"));
      compare("tokens", tokens);
      compare("embedding", sam.imageEncoder().neck(tokens));
      tokens.close();
      compare("dense_pe", sam.head().prompts().densePositions(manager, 64, 64));
      // The decoder is compared on the reference's embedding: its error is its own.
      NDArray embedding = read("embedding");
      NDArray points = read("points").expandDims(0);
      NDArray labels = read("labels").expandDims(0);
      NDArray boxes = read("boxes").expandDims(0);
      NDArray masks = read("masks").expandDims(0);
      decode(sam, embedding, "points", Prompts.points(points, labels));
      decode(sam, embedding, "boxes", Prompts.boxes(boxes));
      decode(sam, embedding, "all", new Prompts(points, labels, boxes, masks));
    }
    assertFalse(failed, "an error is above " + TOLERANCE + "; see the table");
  }

  private void decode(Sam sam, NDArray embedding, String name, Prompts prompts) {
    long grid = embedding.getShape().get(2);
    var encoder = sam.head().prompts();
    NDArray sparse = encoder.sparse(prompts, 1024, 1024, CornerLabels.IGNORED);
    compare(name + ".sparse", sparse.squeeze(0));
    NDArray dense = encoder.dense(prompts, 1, prompts.count(), grid, grid, manager);
    compare(name + ".dense", dense.squeeze(0));
    Masks masks = sam.head().masks(embedding, prompts, CornerLabels.IGNORED);
    compare(name + ".logits", masks.logits().squeeze(0));
    compare(name + ".iou", masks.iou().squeeze(0));
  }

  @ParameterizedTest
  @EnumSource
  void openClip(OpenClip size) {
    label = "OpenCLIP " + size.name().replace('_', '-').replace("VIT", "ViT");
    Clip clip = new Clip(size.config);
    load(clip, size.file + ".bin");
    io = Checkpoints.open(folder.resolve(size.file + "_io.safetensors"));
    try (TensorSource closing = io) {
      NDArray images = read("image");
      NDArray ids = read("ids");
      compare("image_features", clip.visual().forward(images));
      compare("text_features", clip.text().forward(ids));
      compare("logits", clip.logits(clip.embedImages(images), clip.embedTexts(ids)));
    }
    assertFalse(failed, "an error is above " + TOLERANCE + "; see the table");
  }

  private void load(Module module, String file) {
    module.initialize(manager, 0);
    try (TensorSource weights = Checkpoints.open(folder.resolve(file))) {
      new ParameterLoader().load(module.getParameters(), weights);
    }
  }

  private NDArray read(String name) {
    return io.read(name, manager);
  }

  private void compare(String name, NDArray got) {
    NDArray expected = read(name);
    long[] shape = expected.getShape().getShape();
    assertArrayEquals(shape, got.getShape().getShape(), name);
    double largest = expected.abs().max().getFloat();
    double error = got.sub(expected).abs().max().getFloat() / largest;
    System.out.printf(
        "| %s | %s | %s | %.3g | %.1e |%n", label, name, Arrays.toString(shape), largest, error);
    failed |= !(error <= TOLERANCE);
  }
}
