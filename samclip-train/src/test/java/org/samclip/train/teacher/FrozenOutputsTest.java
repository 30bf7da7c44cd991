package org.samclip.train.teacher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.clip.Clip;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.cache.CacheUse;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.kernel.Autocast;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Sam;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;

@Timeout(60)
class FrozenOutputsTest {

  private static final int SIDE = 8;
  private static final int LENGTH = 3 * SIDE * SIDE;
  private static final int IMAGES = 5;

  @TempDir Path folder;
  private NDManager manager;
  private Clip module;
  private int asked;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    module = TinyModels.clip(manager, 1);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private static ImageView images() {
    SplittableRandom random = new SplittableRandom(3);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      byte[] rgb = new byte[LENGTH];
      random.nextBytes(rgb);
      images.add(new RgbImage(SIDE, SIDE, rgb));
    }
    return new ImageView(SIDE, Normalisation.CLIP, images);
  }

  /** A network that gives back its images, changed. */
  private FrozenNetwork network(UnaryOperator<NDArray> change) {
    Shape row = new Shape(3 * SIDE, SIDE);
    return new FrozenNetwork(
        "network",
        module,
        module.config(),
        side -> row,
        images -> {
          asked += (int) images.getShape().get(0);
          return change.apply(images).reshape(images.getShape().get(0), 3 * SIDE, SIDE);
        });
  }

  private float[] outputs(FrozenNetwork network, CacheFolder cache, ImageView view) {
    try (NDManager local = manager.newSubManager()) {
      NDArray got =
          new FrozenOutputs(network, Optional.ofNullable(cache))
              .of(view, new MicroBatch.Part(0, view.count()), local);
      assertEquals(new Shape(view.count(), 3 * SIDE, SIDE), got.getShape());
      assertFalse(got.hasGradient());
      return got.toFloatArray();
    }
  }

  private CacheFolder cache() {
    return new CacheFolder(folder, 1 << 20);
  }

  /** Far beyond and below what float16 holds. */
  @Test
  void rowsOfEverySizeKeepElevenBits() {
    for (float size : new float[] {1, 3e10f, 1e37f, 7e-12f, 2e-35f, 65504}) {
      try (CacheFolder cache = cache()) {
        FrozenNetwork network = network(x -> x.mul(size));
        float[] want = outputs(network, null, images());
        float[] got = outputs(network, cache, images());
        for (int i = 0; i < want.length; i++) {
          double error = Math.abs((double) got[i] - want[i]);
          assertTrue(error <= Math.abs(want[i]) * 0x1p-11 + size * 0x1p-27, i + ": " + want[i]);
        }
        assertArrayEquals(got, outputs(network, cache, images()), "read and computed are the same");
      }
      CacheFolder.delete(folder);
    }
  }

  @Test
  void zeroAndWhatIsNotFiniteStay() {
    try (CacheFolder cache = cache()) {
      FrozenNetwork network =
          network(x -> x.mul(0).add(x.gt(1).toType(x.getDataType(), false).log()));
      float[] want = outputs(network, null, images()); // log 0 and log 1
      assertArrayEquals(want, outputs(network, cache, images()));
      assertArrayEquals(want, outputs(network, cache, images()));
    }
    CacheFolder.delete(folder);
    try (CacheFolder cache = cache()) {
      float[] zeros = outputs(network(x -> x.mul(0).abs()), cache, images());
      assertArrayEquals(new float[zeros.length], zeros);
    }
  }

  @Test
  void onlyWhatIsMissingIsAsked() {
    ImageView all = images();
    try (CacheFolder cache = cache();
        NDManager local = manager.newSubManager()) {
      FrozenOutputs outputs = new FrozenOutputs(network(x -> x), Optional.of(cache));
      float[] middle = outputs.of(all, new MicroBatch.Part(1, 3), local).toFloatArray();
      assertEquals(2, asked);
      float[] whole = outputs.of(all, new MicroBatch.Part(0, IMAGES), local).toFloatArray();
      assertEquals(IMAGES, asked);
      assertEquals(new CacheUse(2, IMAGES, 0, 0), cache.use());
      for (int i = 0; i < middle.length; i++) {
        assertEquals(middle[i], whole[LENGTH + i]);
      }
    }
  }

  /** Weights, sizes, arithmetic, normalisation, and the last bit of a pixel. */
  @Test
  void nothingThatChangedIsRead() {
    ImageView view = images();
    FrozenNetwork network = network(x -> x);
    try (CacheFolder cache = cache()) {
      outputs(network, cache, view);
      assertEquals(IMAGES, misses(cache, () -> outputs(network, cache, view), 0));

      try (Autocast bf16 = Autocast.bf16()) {
        misses(cache, () -> outputs(network, cache, view), IMAGES);
      }
      Record otherSizes = TinyModels.sam(manager, 1).imageEncoder().config();
      FrozenNetwork other =
          new FrozenNetwork("network", module, otherSizes, network.row(), network.output());
      misses(cache, () -> outputs(other, cache, view), IMAGES);

      ImageView otherwise = new ImageView(SIDE, Normalisation.SAM, view.images());
      misses(cache, () -> outputs(network, cache, otherwise), IMAGES);

      view.images().get(1).rgb()[0] ^= 1;
      misses(cache, () -> outputs(network, cache, view), 1);

      NDArray weight = module.arrays().get("visual.ln_post.bias");
      weight.set(new ai.djl.ndarray.index.NDIndex(0), weight.getFloat(0) + 1e-6f);
      misses(cache, () -> outputs(network, cache, view), IMAGES);
    }
  }

  private static long misses(CacheFolder cache, Supplier<float[]> ask, long expected) {
    CacheUse before = cache.use();
    ask.get();
    CacheUse after = cache.use();
    assertEquals(expected, after.misses() - before.misses());
    assertEquals(IMAGES - expected, after.hits() - before.hits());
    return after.hits();
  }

  /** What does not fit is computed each time, and is the same. */
  @Test
  void aFullCacheChangesNothing() {
    float[] kept;
    try (CacheFolder cache = cache()) {
      kept = outputs(network(x -> x.mul(3)), cache, images());
    }
    CacheFolder.delete(folder);
    asked = 0;
    int row = Integer.BYTES + LENGTH * Short.BYTES + 36;
    try (CacheFolder cache = new CacheFolder(folder, 48 + 2 * row)) {
      FrozenNetwork network = network(x -> x.mul(3));
      assertArrayEquals(kept, outputs(network, cache, images()));
      assertArrayEquals(kept, outputs(network, cache, images()));
      assertEquals(new CacheUse(2, 2 * IMAGES - 2, 2 * IMAGES - 4, 0), cache.use());
      assertEquals(2 * IMAGES - 2, asked);
    }
  }

  private static ImageView black(int side, Normalisation normalisation) {
    RgbImage image = new RgbImage(side, side, new byte[3 * side * side]);
    return new ImageView(side, normalisation, List.of(image));
  }

  /** The real ones, at a side that is not the grid's own. */
  @Test
  void theThreeNetworksOfARecipe() {
    Sam sam = TinyModels.sam(manager, 2);
    ImageView view = black(2 * TinyModels.SIDE, Normalisation.SAM);
    ImageView small = black(TinyModels.TEACHER_SIDE, Normalisation.CLIP);
    for (FrozenNetwork network :
        new FrozenNetwork[] {
          FrozenNetwork.samTeacher(sam),
          FrozenNetwork.backbone(sam.imageEncoder()),
          FrozenNetwork.clipTeacher(module)
        }) {
      ImageView seen = network.name().startsWith("clip") ? small : view;
      try (CacheFolder cache = cache();
          NDManager local = manager.newSubManager()) {
        MicroBatch.Part one = new MicroBatch.Part(0, 1);
        NDArray want = new FrozenOutputs(network, Optional.empty()).of(seen, one, local);
        NDArray got = new FrozenOutputs(network, Optional.of(cache)).of(seen, one, local);
        assertEquals(want.getShape(), got.getShape(), network.name());
        double largest = want.abs().max().getFloat();
        assertTrue(want.sub(got).abs().max().getFloat() <= largest * 0x1p-11, network.name());
      }
    }
  }
}
