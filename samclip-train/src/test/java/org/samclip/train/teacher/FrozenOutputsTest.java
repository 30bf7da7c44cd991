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
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
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
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.kernel.LibTorch;
import org.samclip.model.VitModel;
import org.samclip.student.Student;
import org.samclip.student.StudentConfig;
import org.samclip.student.VitBackboneConfig;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;

@Timeout(60)
class FrozenOutputsTest {

  private static final int SIDE = 8;
  private static final int LENGTH = 3 * SIDE * SIDE;
  private static final int IMAGES = 5;

  @TempDir Path folder;
  private NDManager manager;
  private Clip module;
  private int asked;
  private int passes;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    module = TinyModels.clip(manager, 1).clip();
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

  private static final Shape ROW = new Shape(3 * SIDE, SIDE);

  /** A network whose output {@code changed} is its images, changed. */
  private FrozenNetwork network(UnaryOperator<NDArray> change) {
    return network(
        "sizes",
        Map.of("changed", side -> ROW),
        (images, names) ->
            Map.of(
                "changed",
                change.apply(images).reshape(images.getShape().get(0), ROW.get(0), SIDE)));
  }

  private FrozenNetwork network(
      String sizes, Map<String, IntFunction<Shape>> rows, FrozenNetwork.Outputs outputs) {
    return new FrozenNetwork(
        "network",
        List.of(module),
        sizes,
        rows,
        (images, names) -> {
          passes++;
          asked += (int) images.getShape().get(0);
          return outputs.of(images, names);
        });
  }

  private float[] outputs(FrozenNetwork network, CacheFolder cache, ImageView view) {
    try (NDManager local = manager.newSubManager()) {
      NDArray got =
          new FrozenOutputs(network, Optional.ofNullable(cache))
              .of(view, new MicroBatch.Part(0, view.count()), Set.of("changed"), local)
              .get("changed");
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
      float[] middle = changed(outputs, all, new MicroBatch.Part(1, 3), local);
      assertEquals(2, asked);
      float[] whole = changed(outputs, all, new MicroBatch.Part(0, IMAGES), local);
      assertEquals(IMAGES, asked);
      assertEquals(new CacheUse(2, IMAGES, 0, 0), cache.use());
      for (int i = 0; i < middle.length; i++) {
        assertEquals(middle[i], whole[LENGTH + i]);
      }
    }
  }

  private static float[] changed(
      FrozenOutputs outputs, ImageView view, MicroBatch.Part part, NDManager local) {
    return outputs.of(view, part, Set.of("changed"), local).get("changed").toFloatArray();
  }

  /** A map of the images and a summary of three numbers. */
  private FrozenNetwork two() {
    Map<String, IntFunction<Shape>> rows = Map.of("map", side -> ROW, "mean", side -> new Shape(3));
    return network(
        "two",
        rows,
        (images, names) -> {
          Map<String, NDArray> all =
              Map.of(
                  "map", images.reshape(images.getShape().get(0), ROW.get(0), SIDE),
                  "mean", images.reshape(images.getShape().get(0), 3, -1).mean(new int[] {2}));
          Map<String, NDArray> wanted = new LinkedHashMap<>();
          names.forEach(name -> wanted.put(name, all.get(name)));
          return wanted;
        });
  }

  private static final Set<String> BOTH = new LinkedHashSet<>(List.of("map", "mean"));

  @Test
  void severalOutputsComeOfOnePass() {
    MicroBatch.Part all = new MicroBatch.Part(0, IMAGES);
    try (CacheFolder cache = cache();
        NDManager local = manager.newSubManager()) {
      for (Optional<CacheFolder> kept :
          List.of(Optional.<CacheFolder>empty(), Optional.of(cache))) {
        passes = 0;
        Map<String, NDArray> got = new FrozenOutputs(two(), kept).of(images(), all, BOTH, local);
        assertEquals(BOTH, got.keySet());
        assertEquals(new Shape(IMAGES, 3 * SIDE, SIDE), got.get("map").getShape());
        assertEquals(new Shape(IMAGES, 3), got.get("mean").getShape());
        assertEquals(1, passes);
      }
      // Each has rows of its own, which are read without a pass.
      assertEquals(new CacheUse(0, 2 * IMAGES, 0, 0), cache.use());
      passes = 0;
      new FrozenOutputs(two(), Optional.of(cache)).of(images(), all, BOTH, local);
      assertEquals(0, passes);
      assertEquals(new CacheUse(2 * IMAGES, 2 * IMAGES, 0, 0), cache.use());
    }
  }

  /** A row that one output lacks is computed; rows that are there stay, to the bit. */
  @Test
  void whatOneOutputLacksLeavesTheOthersAlone() {
    MicroBatch.Part all = new MicroBatch.Part(0, IMAGES);
    float[] first;
    try (CacheFolder cache = cache();
        NDManager local = manager.newSubManager()) {
      FrozenOutputs outputs = new FrozenOutputs(two(), Optional.of(cache));
      first =
          outputs
              .of(images(), new MicroBatch.Part(1, 4), Set.of("mean"), local)
              .get("mean")
              .toFloatArray();
      outputs.of(images(), new MicroBatch.Part(0, 2), Set.of("map"), local);
    }
    passes = 0;
    asked = 0;
    // The same network by its hash, though it would say something else now.
    FrozenNetwork changed =
        withOutputs(
            two(),
            (images, names) -> {
              Map<String, NDArray> wanted = new LinkedHashMap<>();
              two()
                  .outputs()
                  .of(images, names)
                  .forEach((name, output) -> wanted.put(name, output.add(5)));
              return wanted;
            });
    try (CacheFolder cache = cache();
        NDManager local = manager.newSubManager()) {
      Map<String, NDArray> got =
          new FrozenOutputs(changed, Optional.of(cache)).of(images(), all, BOTH, local);
      // "map" has images 0 and 1, "mean" 1 to 3: only image 1 is known whole.
      assertEquals(1, passes);
      assertEquals(IMAGES - 1, asked);
      float[] means = got.get("mean").toFloatArray();
      assertArrayEquals(first, Arrays.copyOfRange(means, 3, 12));
      float[] plain = two().outputs().of(images().toArray(local), BOTH).get("mean").toFloatArray();
      float[] maps = got.get("map").toFloatArray();
      float[] plainMaps = images().toArray(local).toFloatArray();
      for (int image = 0; image < IMAGES; image++) {
        boolean mean = image >= 1 && image < 4;
        assertEquals(plain[3 * image] + (mean ? 0 : 5), means[3 * image], 1e-2, "mean " + image);
        boolean map = image < 2;
        assertEquals(
            plainMaps[LENGTH * image] + (map ? 0 : 5), maps[LENGTH * image], 1e-2, "map " + image);
      }
    }
  }

  private static FrozenNetwork withOutputs(FrozenNetwork network, FrozenNetwork.Outputs outputs) {
    return new FrozenNetwork(
        network.name(), network.modules(), network.sizes(), network.rows(), outputs);
  }

  /** Parameters of the same shapes and values; a head more or less changes what a ViT says. */
  @Test
  void sizesThatNoShapeShowsTellNetworksApart() {
    Set<String> hashes = new HashSet<>();
    for (int heads : new int[] {1, 2, 4}) {
      Student student = Plain.student(heads);
      student.initialize(manager, 1);
      hashes.add(FrozenNetwork.of(student).hash(FrozenNetwork.TOKENS));
    }
    assertEquals(3, hashes.size());
    Student student = Plain.student(2);
    student.initialize(manager, 1);
    FrozenNetwork network = FrozenNetwork.of(student);
    assertTrue(hashes.contains(network.hash(FrozenNetwork.TOKENS)));
    assertFalse(hashes.contains(network.hash("other")));
  }

  /** A student on a plain ViT. */
  private static final class Plain {
    private Plain() {}

    static Student student(int heads) {
      BlockConfig block =
          new BlockConfig(16, heads, 32, VitMlp.GELU, BlockConfig.Bias.ALL, false, 1e-6);
      VitConfig vit =
          new VitConfig(
              4,
              1,
              block,
              true,
              0,
              new Positions.Learned(2, true, Resize.BICUBIC),
              VitConfig.Summary.CLASS);
      VitModel.Sizes sizes =
          new VitModel.Sizes(vit, SIDE, List.of(.5, .5, .5), List.of(.25, .25, .25));
      return new Student(new StudentConfig(new VitBackboneConfig(sizes), Map.of()));
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
      FrozenNetwork other =
          new FrozenNetwork(
              "network", network.modules(), "other sizes", network.rows(), network.outputs());
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
  void theNetworksOfARecipe() {
    Teachers teachers = TinyModels.teachers(manager, 2);
    Student student = TinyModels.student(manager, 1);
    ImageView view = black(2 * TinyModels.SIDE, Normalisation.SAM);
    ImageView small = black(TinyModels.TEACHER_SIDE, Normalisation.CLIP);
    for (FrozenNetwork network :
        List.of(
            FrozenNetwork.of(teachers.byName().get("sam")),
            FrozenNetwork.of(student),
            FrozenNetwork.of(teachers.byName().get("clip")))) {
      ImageView seen = network.name().equals("clip") ? small : view;
      Set<String> names = network.rows().keySet();
      assertFalse(names.isEmpty(), network.name());
      try (CacheFolder cache = cache();
          NDManager local = manager.newSubManager()) {
        MicroBatch.Part one = new MicroBatch.Part(0, 1);
        Map<String, NDArray> want =
            new FrozenOutputs(network, Optional.empty()).of(seen, one, names, local);
        Map<String, NDArray> got =
            new FrozenOutputs(network, Optional.of(cache)).of(seen, one, names, local);
        for (String name : names) {
          String which = network.name() + "." + name;
          NDArray exact = want.get(name);
          assertEquals(exact.getShape(), got.get(name).getShape(), which);
          double largest = exact.abs().max().getFloat();
          double error = exact.sub(got.get(name)).abs().max().getFloat();
          assertTrue(error <= largest * 0x1p-11, which);
        }
      }
    }
  }
}
