package org.samclip.vitdet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;

/** Checkpointed activations: the gradients stay, the memory goes. */
class BackbonePassTest {

  /** Windowed blocks with padding, and global ones. */
  private static final ViTDetConfig SMALL =
      new ViTDetConfig(8, 4, 16, 4, 2, 2, 3, List.of(1, 3), 8);

  /** 1024 tokens of 256 channels: a megabyte an array an image, 6 arrays a block. */
  private static final ViTDetConfig WIDE =
      new ViTDetConfig(4, 32, 256, 20, 4, 4, 8, List.of(9), 64);

  /** 24 x 44 tokens, with global blocks next to each other, first and last. */
  private static final ViTDetConfig MANY =
      new ViTDetConfig(4, 24, 16, 5, 2, 2, 5, List.of(0, 2, 3, 4), 8);

  private static final Path STATUS = Path.of("/proc/self/status");

  private NDManager manager;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private ImageEncoder encoder(ViTDetConfig config) {
    ImageEncoder encoder = new ImageEncoder(config);
    encoder.initialize(manager, 1);
    return encoder;
  }

  /** One pass with random images and a random gradient. */
  private void train(ImageEncoder encoder, int batch, int height, int width, boolean checkpoint) {
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      NDArray images = noise(local, new Shape(batch, 3, height, width));
      BackbonePass pass = BackbonePass.of(encoder, images, checkpoint);
      NDArray embedding = encoder.neck(pass.tokens());
      on.backward(embedding, noise(local, embedding.getShape()));
      pass.backward(on);
    }
  }

  private static NDArray noise(NDManager manager, Shape shape) {
    float[] values = floats(new SplittableRandom(2), (int) shape.size());
    return manager.create(FloatBuffer.wrap(values), shape);
  }

  private Map<String, float[]> gradients(ImageEncoder encoder, boolean checkpoint) {
    train(encoder, 2, 32, 32, checkpoint);
    return taken(encoder);
  }

  /** The gradients, which are zero afterwards. */
  private static Map<String, float[]> taken(ImageEncoder encoder) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    encoder
        .arrays()
        .forEach(
            (name, array) -> {
              if (array.hasGradient()) {
                NDArray gradient = array.getGradient();
                gradients.put(name, gradient.toFloatArray());
                gradient.subi(gradient);
              }
            });
    return gradients;
  }

  private static void assertSame(Map<String, float[]> expected, Map<String, float[]> got) {
    expected.forEach((name, values) -> assertArrayEquals(values, got.get(name), name));
  }

  @Test
  void gradientsAreTheSameToTheLastBit() {
    ImageEncoder encoder = encoder(SMALL);
    encoder.arrays().values().forEach(array -> array.setRequiresGradient(true));
    Map<String, float[]> recorded = gradients(encoder, false);
    recorded.forEach((name, values) -> assertTrue(nonZero(values), name));
    assertSame(recorded, gradients(encoder, true));
  }

  /** Attention with its own backward pass, against autograd's through the whole encoder. */
  @Test
  void attendingApartGivesAutogradsGradients() {
    ImageEncoder encoder = encoder(MANY);
    encoder.arrays().values().forEach(array -> array.setRequiresGradient(true));
    SplittableRandom random = new SplittableRandom(5);
    encoder
        .arrays()
        .forEach(
            (name, array) -> {
              if (name.contains("rel_pos")) {
                array.set(FloatBuffer.wrap(floats(random, (int) array.size())));
              }
            });
    try (NDManager local = manager.newSubManager();
        Autograd on = Autograd.enabled()) {
      NDArray embedding = encoder.forward(noise(local, new Shape(2, 3, 96, 176)));
      on.backward(embedding, noise(local, embedding.getShape()));
    }
    Map<String, float[]> expected = taken(encoder);
    train(encoder, 2, 96, 176, false);
    Map<String, float[]> apart = taken(encoder);
    expected.forEach(
        (name, values) ->
            Vectors.assertClose(name, apart.get(name), values, 1e-3, 1e-4 * largest(values)));
    train(encoder, 2, 96, 176, true);
    assertSame(apart, taken(encoder));
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static float[] floats(SplittableRandom random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** With frozen patches and a frozen first block, the others still learn. */
  @Test
  void frozenPartsStayWithoutGradient() {
    ImageEncoder encoder = encoder(SMALL);
    encoder
        .arrays()
        .forEach((name, array) -> array.setRequiresGradient(name.matches("blocks\\.[13].*")));
    Map<String, float[]> recorded = gradients(encoder, false);
    assertTrue(nonZero(recorded.get("blocks.1.mlp.lin1.weight")));
    assertSame(recorded, gradients(encoder, true));
    assertFalse(encoder.arrays().get("pos_embed").hasGradient());
  }

  private static boolean nonZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  /** Each pass raises the process's peak by what it keeps, so the smaller one comes first. */
  @Test
  void keepsLess() throws IOException {
    assumeTrue(Files.exists(STATUS), "the peak is read from Linux' /proc");
    ImageEncoder encoder = encoder(WIDE);
    encoder.arrays().values().forEach(array -> array.setRequiresGradient(true));
    train(encoder, 4, 32, 32, true); // gradients and libtorch's own buffers
    long before = kib("VmRSS:");
    train(encoder, 4, 128, 128, true);
    long checkpointed = Math.max(kib("VmHWM:"), before);
    train(encoder, 4, 128, 128, false);
    long kept = kib("VmHWM:");
    // 20 blocks of 6 arrays of 4 MiB are 480 MiB, of which at most two blocks remain.
    assertTrue(
        kept - checkpointed > 200 * 1024,
        before + " KiB before, checkpointed " + checkpointed + ", kept " + kept);
  }

  private static long kib(String key) throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
