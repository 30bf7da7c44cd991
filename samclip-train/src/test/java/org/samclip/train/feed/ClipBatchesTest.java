package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.RgbImage;
import org.samclip.train.InMemorySource;
import org.samclip.train.recipe.AreaScaledBatch;

class ClipBatchesTest {

  private static final RandomResizedCrop CROP = new RandomResizedCrop(.2, .6, .75, 4. / 3);
  private static final AreaScaledBatch SIZES = new AreaScaledBatch(8, 32, List.of(32, 64));

  /** Red grows to the right, green to the bottom: a view tells where it was cut. */
  private static List<Sample> ramps(int count) {
    int side = 64;
    byte[] rgb = new byte[3 * side * side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        rgb[3 * (y * side + x)] = (byte) (4 * x);
        rgb[3 * (y * side + x) + 1] = (byte) (4 * y);
        rgb[3 * (y * side + x) + 2] = (byte) 100;
      }
    }
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      samples.add(new Sample("ramp" + i, new RgbImage(side, side, rgb), "ramp " + i, List.of()));
    }
    return samples;
  }

  private static List<ClipBatch> batches(
      List<Sample> samples, AreaScaledBatch sizes, int teacherSide, long seed, int threads) {
    List<ClipBatch> made = new ArrayList<>();
    try (ReplayStream stream = new InMemorySource(samples).stream(seed, threads)) {
      ClipBatches batches = new ClipBatches(stream, sizes, CROP, teacherSide, 0, seed);
      for (int step = 0; step < 12; step++) {
        made.add(batches.apply(step));
      }
    }
    return made;
  }

  private static boolean equal(ClipBatch a, ClipBatch b) {
    return equal(a.student(), b.student())
        && equal(a.teacher(), b.teacher())
        && a.texts().equals(b.texts())
        && a.after().equals(b.after());
  }

  private static boolean equal(ImageView a, ImageView b) {
    boolean equal = a.side() == b.side() && a.count() == b.count();
    for (int i = 0; equal && i < a.count(); i++) {
      equal = Arrays.equals(a.images().get(i).rgb(), b.images().get(i).rgb());
    }
    return equal;
  }

  @Test
  void seedsDecideNotThreads() {
    List<Sample> samples = InMemorySource.pictures(20);
    List<ClipBatch> one = batches(samples, SIZES, 16, 5, 1);
    List<ClipBatch> again = batches(samples, SIZES, 16, 5, 3);
    List<ClipBatch> other = batches(samples, SIZES, 16, 6, 1);
    for (int i = 0; i < one.size(); i++) {
      assertTrue(equal(one.get(i), again.get(i)), "batch " + i);
      assertFalse(equal(one.get(i), other.get(i)), "batch " + i);
    }
  }

  @Test
  void batchesShrinkAsTheAreaGrows() {
    Set<Integer> sides = new HashSet<>();
    long drawn = 0;
    for (ClipBatch batch : batches(ramps(100), SIZES, 16, 5, 2)) {
      int side = batch.student().side();
      sides.add(side);
      int count = side == 32 ? 8 : 2;
      drawn += count;
      assertEquals(count, batch.student().count());
      assertEquals(count * 3L * side * side, batch.student().bytes());
      assertEquals(count, batch.teacher().count());
      assertEquals(16, batch.teacher().side());
      assertEquals(count * 3L * 16 * 16, batch.teacher().bytes());
      assertEquals(count * 3L * (16 * 16 + side * side), batch.bytes());
      assertEquals(count, batch.texts().size());
      assertEquals(new Position(0, drawn), batch.after());
    }
    assertEquals(Set.of(32, 64), sides);
  }

  @Test
  void textsBelongToTheImages() {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      byte[] rgb = new byte[3 * 64];
      Arrays.fill(rgb, (byte) (8 * i));
      samples.add(new Sample("k" + i, new RgbImage(8, 8, rgb), "text " + 8 * i, List.of()));
    }
    for (ClipBatch batch : batches(samples, SIZES, 16, 1, 2)) {
      for (int i = 0; i < batch.texts().size(); i++) {
        long red = Math.round(mean(batch.student(), i, 0));
        assertEquals("text " + red, batch.texts().get(i));
      }
    }
  }

  /** At equal sides only the normalisation differs, and the pixels are held once. */
  @Test
  void studentAndTeacherSeeTheSamePixels() {
    AreaScaledBatch same = new AreaScaledBatch(8, 32, List.of(32));
    for (ClipBatch batch : batches(InMemorySource.pictures(20), same, 32, 5, 2)) {
      assertEquals(Normalisation.SAM, batch.student().normalisation());
      assertEquals(Normalisation.CLIP, batch.teacher().normalisation());
      assertEquals(8, batch.teacher().count());
      for (int i = 0; i < 8; i++) {
        assertSame(batch.student().images().get(i), batch.teacher().images().get(i));
      }
      assertEquals(8 * 3 * 32 * 32, batch.bytes());
    }
  }

  @Test
  void studentAndTeacherSeeTheSameCropAtOtherSides() {
    Set<Long> places = new HashSet<>();
    for (ClipBatch batch : batches(ramps(30), SIZES, 16, 5, 2)) {
      for (int i = 0; i < batch.texts().size(); i++) {
        for (int channel = 0; channel < 2; channel++) {
          double student = mean(batch.student(), i, channel);
          double teacher = mean(batch.teacher(), i, channel);
          assertEquals(student, teacher, 1.5, "centre of the crop, in quarters of a pixel");
          places.add(Math.round(student));
        }
      }
    }
    assertTrue(places.size() > 30, "the crops differ: " + places);
  }

  private static double mean(ImageView view, int index, int channel) {
    RgbImage image = view.images().get(index);
    double sum = 0;
    for (int i = channel; i < image.rgb().length; i += 3) {
      sum += image.rgb()[i] & 0xFF;
    }
    return sum / (view.side() * view.side());
  }

  @Test
  void aSampleIsCutAnewInEveryPass() {
    List<ClipBatch> made = batches(ramps(8), new AreaScaledBatch(8, 32, List.of(32)), 16, 5, 1);
    Set<Long> places = new HashSet<>();
    for (ClipBatch batch : made) {
      int at = batch.texts().indexOf("ramp 3");
      places.add(Math.round(100 * mean(batch.student(), at, 0)));
    }
    assertTrue(places.size() > 8, "one image in 12 passes: " + places);
  }

  @Test
  void givenViewsRepeatInTurn() {
    List<Sample> samples = ramps(8);
    List<byte[]> seen = new ArrayList<>();
    try (ReplayStream stream = new InMemorySource(samples).stream(5, 1)) {
      AreaScaledBatch all = new AreaScaledBatch(8, 32, List.of(32));
      ClipBatches batches = new ClipBatches(stream, all, CROP, 16, 3, 5);
      for (int epoch = 0; epoch < 7; epoch++) {
        ClipBatch batch = batches.apply(epoch);
        int at = batch.texts().indexOf("ramp 3");
        seen.add(batch.student().images().get(at).rgb());
      }
    }
    for (int epoch = 0; epoch < 7; epoch++) {
      assertArrayEquals(seen.get(epoch % 3), seen.get(epoch));
    }
    assertFalse(Arrays.equals(seen.get(0), seen.get(1)));
    assertFalse(Arrays.equals(seen.get(1), seen.get(2)));
  }
}
