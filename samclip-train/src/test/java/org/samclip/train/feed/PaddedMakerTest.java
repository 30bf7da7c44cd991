package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.kernel.LibTorch;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.PromptsSpec;

@Timeout(60)
class PaddedMakerTest {

  private static final int SIDE = 32;
  private static final PromptsSpec SPEC = new PromptsSpec(3, .5, .1, 20, .9, 1);
  private static final Viewer STUDENT =
      new Viewer("student", Normalisation.SAM, 8, side -> side, false);

  private static FeedBatches masks(ReplayStream stream, int count, int side, long seed) {
    FeedSpec spec = new FeedBuilder(count, side).prompts(SPEC).build();
    return FeedBatches.of(spec, stream, List.of(STUDENT), seed);
  }

  private static ImageBatch only(FeedBatch batch) {
    assertEquals(1, batch.batches().size());
    return batch.batches().get(0);
  }

  private static List<FeedBatch> batches(List<Sample> samples, long seed, int threads, int count) {
    List<FeedBatch> made = new ArrayList<>();
    try (ReplayStream stream = new InMemorySource(samples).stream(seed, threads)) {
      FeedSpec spec = new FeedBuilder(4, SIDE).prompts(SPEC).build();
      FeedBatches batches = FeedBatches.withTargets(spec, stream, STUDENT, seed);
      for (int step = 0; step < count; step++) {
        made.add(batches.apply(step));
      }
    }
    return made;
  }

  private static boolean equal(FeedBatch a, FeedBatch b) {
    PromptBatch one = only(a).prompts();
    PromptBatch two = only(b).prompts();
    return Arrays.deepEquals(pixels(a), pixels(b))
        && Arrays.equals(one.xy(), two.xy())
        && Arrays.equals(one.labels(), two.labels())
        && Arrays.equals(one.isPoint(), two.isPoint())
        && Arrays.deepEquals(one.targets(), two.targets())
        && a.after().equals(b.after());
  }

  private static byte[][] pixels(FeedBatch batch) {
    return only(batch).student().images().stream().map(RgbImage::rgb).toArray(byte[][]::new);
  }

  @Test
  void seedsDecideNotThreads() {
    List<Sample> samples = InMemorySource.pictures(10);
    List<FeedBatch> one = batches(samples, 3, 1, 6);
    List<FeedBatch> again = batches(samples, 3, 3, 6);
    List<FeedBatch> other = batches(samples, 4, 1, 6);
    for (int i = 0; i < one.size(); i++) {
      assertTrue(equal(one.get(i), again.get(i)), "batch " + i);
      assertFalse(equal(one.get(i), other.get(i)), "batch " + i);
    }
  }

  @Test
  void imagesPromptsAndTargetsBelongTogether() {
    List<Sample> samples = InMemorySource.pictures(10);
    SamPreprocess preprocess = new SamPreprocess(SIDE);
    Set<String> seen = new HashSet<>();
    for (FeedBatch step : batches(samples, 3, 2, 5)) {
      assertEquals(4, step.images());
      PromptBatch batch = only(step).prompts();
      assertEquals(SIDE, batch.side());
      for (int i = 0; i < 4; i++) {
        RgbImage image = only(step).student().images().get(i);
        Sample sample =
            samples.stream()
                .filter(s -> Arrays.equals(preprocess.resize(s.image()).rgb(), image.rgb()))
                .findFirst()
                .orElseThrow();
        seen.add(sample.key());
        SamPreprocess.Frame frame =
            preprocess.frame(sample.image().width(), sample.image().height());
        for (int p = 0; p < SPEC.perImage(); p++) {
          int at = i * SPEC.perImage() + p;
          byte[] target = batch.targets()[at];
          RunLengthMask mask =
              sample.masks().stream()
                  .filter(m -> Arrays.equals(preprocess.apply(m), target))
                  .findFirst()
                  .orElseThrow();
          float[] xy = slice(batch.xy(), at, 4);
          boolean point = batch.isPoint()[at] == 1;
          assertArrayEquals(
              point ? new long[] {1, -1} : new long[] {2, 3},
              Arrays.copyOfRange(batch.labels(), at * 2, at * 2 + 2));
          if (point) {
            double[] back = frame.toOriginal(xy[0], xy[1]);
            int x = (int) Math.floor(back[0] + 1e-3);
            int y = (int) Math.floor(back[1] + 1e-3);
            assertEquals(1, mask.decode()[y * mask.width() + x]);
          } else {
            assertTrue(0 <= xy[0] && xy[0] <= xy[2] && xy[2] <= frame.width() + 1e-4);
            assertTrue(0 <= xy[1] && xy[1] <= xy[3] && xy[3] <= frame.height() + 1e-4);
          }
        }
      }
    }
    assertEquals(10, seen.size(), "two passes show every image");
  }

  private static float[] slice(float[] values, int index, int size) {
    return Arrays.copyOfRange(values, index * size, (index + 1) * size);
  }

  private static Sample withoutMasks(int i) {
    byte[] rgb = new byte[3 * 16];
    return new Sample("none" + i, new RgbImage(4, 4, rgb), null, List.of());
  }

  @Test
  void imagesWithoutUsableMasksArePassedOverAndCounted() {
    List<Sample> samples = new ArrayList<>(InMemorySource.pictures(5));
    samples.add(withoutMasks(0));
    RunLengthMask whole = InMemorySource.rectangle(4, 4, 0, 0, 4, 4);
    samples.add(new Sample("whole", withoutMasks(1).image(), null, List.of(whole)));
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 2)) {
      FeedBatches batches = masks(stream, 2, SIDE, 1);
      long passedOver = 0;
      for (int step = 0; step < 20; step++) {
        FeedBatch batch = batches.apply(step);
        assertNull(only(batch).prompts().targets());
        assertEquals(Map.of(), batch.mix(), "one source");
        passedOver += batch.passedOver();
        long drawn = batch.after().epoch() * samples.size() + batch.after().drawn();
        assertEquals(drawn - 2L * (step + 1), passedOver);
      }
      assertTrue(passedOver >= 14, "two in each of seven passes");
    }
  }

  @Test
  void aBatchTellsWhichSourcesItsSamplesCameFrom() {
    List<Sample> few = new ArrayList<>(InMemorySource.pictures(4));
    few.add(withoutMasks(0));
    Mixture mixture =
        new Mixture("mix", List.of(part("many", InMemorySource.pictures(20)), part("few", few)));
    ReplaySettings settings = new ReplaySettings(8, 3, 1, 4);
    try (ReplayStream stream =
        new ReplayStream(mixture, settings, new SampleBudget(null), Position.START)) {
      FeedBatches batches = masks(stream, 6, SIDE, 1);
      Map<String, Long> all = new HashMap<>();
      long passedOver = 0;
      for (int step = 0; step < 4; step++) {
        FeedBatch batch = batches.apply(step);
        batch.mix().forEach((source, count) -> all.merge(source, count, Long::sum));
        passedOver += batch.passedOver();
        long given = batch.mix().values().stream().mapToLong(Long::longValue).sum();
        assertEquals(6 + batch.passedOver(), given);
      }
      assertEquals(24 + passedOver, all.get("many") + all.get("few"));
      // One pass has 25 samples, 20 and 5; what is taken is one at least and less than two.
      assertTrue(all.get("many") >= 19 && all.get("few") >= 4, all::toString);
    }
  }

  private static Mixture.Part part(String name, List<Sample> samples) {
    InMemorySource source = new InMemorySource(samples);
    Inventory inventory = Inventory.of(source, Selection.ALL, 1);
    return new Mixture.Part(name, source, Selection.ALL, null, inventory);
  }

  @Test
  void manyImagesWithoutMasksAreNoErrorAsLongAsSomeHaveThem() {
    List<Sample> samples = new ArrayList<>(InMemorySource.pictures(1));
    for (int i = 0; i < 60; i++) {
      samples.add(withoutMasks(i));
    }
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 1)) {
      FeedBatches batches = masks(stream, 10, 8, 1);
      long passedOver = 0;
      for (int step = 0; step < 20; step++) {
        passedOver += batches.apply(step).passedOver();
      }
      assertTrue(passedOver > 10_000);
    }
  }

  @Test
  void dataWithoutAnyUsableMaskIsTheUsersError() {
    List<Sample> samples = List.of(withoutMasks(0), withoutMasks(1), withoutMasks(2));
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 1)) {
      FeedBatches batches = masks(stream, 1, SIDE, 1);
      UserError error = assertThrows(UserError.class, () -> batches.apply(0));
      assertTrue(error.getMessage().contains("data.masks: "), error.getMessage());
      assertTrue(error.getMessage().contains("0.9"), error.getMessage());
    }
  }

  @Test
  void partsAreTheBatchesOwnArrays() {
    FeedBatch step = batches(InMemorySource.pictures(10), 3, 1, 1).get(0);
    PromptBatch batch = only(step).prompts();
    int p = SPEC.perImage();
    assertEquals(p, batch.perImage());
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      MicroBatch.Part two = new MicroBatch.Part(1, 3);
      PromptBatch.OnDevice part = batch.toArrays(manager, two);
      NDArray masks = batch.targets(manager, two);
      assertEquals(new Shape(2, p, 2, 2), part.xy().getShape());
      assertEquals(new Shape(2, p, 2), part.labels().getShape());
      assertEquals(new Shape(2, p), part.isPoint().getShape());
      assertEquals(new Shape(2, p, SIDE, SIDE), masks.getShape());
      assertArrayEquals(Arrays.copyOfRange(batch.xy(), p * 4, 3 * p * 4), part.xy().toFloatArray());
      assertArrayEquals(
          Arrays.copyOfRange(batch.labels(), p * 2, 3 * p * 2), part.labels().toLongArray());
      assertArrayEquals(
          Arrays.copyOfRange(batch.isPoint(), p, 3 * p), part.isPoint().toFloatArray());
      float[] targets = masks.toFloatArray();
      for (int i = 0; i < targets.length; i++) {
        assertEquals(batch.targets()[p + i / (SIDE * SIDE)][i % (SIDE * SIDE)], targets[i]);
      }
    }
  }

  /** Two points, two labels and a kind for each prompt; targets a byte a pixel. */
  @Test
  void bytesAreThoseOfImagesAndPrompts() {
    List<Sample> samples = InMemorySource.pictures(10);
    int prompts = 4 * SPEC.perImage();
    FeedBatch with = batches(samples, 3, 1, 1).get(0);
    long images = only(with).student().bytes();
    assertEquals(images + prompts * (16 + 16 + 4 + SIDE * SIDE), with.bytes());
    try (ReplayStream stream = new InMemorySource(samples).stream(3, 1)) {
      assertEquals(images + prompts * (16 + 16 + 4), masks(stream, 4, SIDE, 3).apply(0).bytes());
    }
  }

  /** A teacher sees the whole image at its own side; points stay pixels of the student's. */
  @Test
  void teachersSeeTheSameImagesAtOtherSides() {
    List<Sample> samples = InMemorySource.pictures(10);
    Viewer teacher = new Viewer("teacher", Normalisation.CLIP, 8, any -> 48, false);
    FeedSpec spec = new FeedBuilder(4, SIDE).prompts(SPEC).build();
    try (ReplayStream stream = new InMemorySource(samples).stream(3, 1);
        ReplayStream again = new InMemorySource(samples).stream(3, 1)) {
      ImageBatch both = only(FeedBatches.of(spec, stream, List.of(STUDENT, teacher), 3).apply(0));
      ImageBatch alone = only(masks(again, 4, SIDE, 3).apply(0));
      assertArrayEquals(alone.prompts().xy(), both.prompts().xy());
      for (int i = 0; i < 4; i++) {
        RgbImage small = both.student().images().get(i);
        Sample sample =
            samples.stream()
                .filter(
                    s ->
                        Arrays.equals(new SamPreprocess(SIDE).resize(s.image()).rgb(), small.rgb()))
                .findFirst()
                .orElseThrow();
        assertArrayEquals(
            new SamPreprocess(48).resize(sample.image()).rgb(),
            both.views().get("teacher").images().get(i).rgb());
      }
    }
  }
}
