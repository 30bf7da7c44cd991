package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Crop;
import org.samclip.data.transform.Mosaic;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.Shift;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.recipe.AugmentSpec;
import org.samclip.train.recipe.FeedSpec;

class CropMakerTest {

  private static final Viewer STUDENT = viewer("student", Normalisation.SAM, 0);
  private static final Viewer SMALL = viewer("small", Normalisation.CLIP, 16);
  private static final AugmentSpec NOTHING =
      new AugmentSpec(
          0,
          new AugmentSpec.JitterSpec(0, 0, 0, 0, 0),
          0,
          new AugmentSpec.BlurSpec(0, 9, .1, 5),
          new AugmentSpec.SolariseSpec(0, 128));

  /** Of patches of 8 pixels. */
  private static Viewer viewer(String name, Normalisation normalisation, int side) {
    return new Viewer(name, normalisation, 8, s -> side == 0 ? s : side, false);
  }

  private static Viewer mosaics(String name, int side) {
    return new Viewer(name, Normalisation.CLIP, 8, any -> side, true);
  }

  private static FeedBuilder feed() {
    return new FeedBuilder(8, 32, 64).crop(.2, .6);
  }

  private static FeedBuilder feedOf32() {
    return new FeedBuilder(8, 32).crop(.2, .6);
  }

  private static AugmentSpec flips(double chance) {
    return new AugmentSpec(
        chance, NOTHING.jitter(), NOTHING.grey(), NOTHING.blur(), NOTHING.solarise());
  }

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

  private static List<FeedBatch> batches(
      List<Sample> samples, FeedBuilder feed, long seed, int threads, Viewer... viewers) {
    List<FeedBatch> made = new ArrayList<>();
    FeedSpec spec = feed.build();
    try (ReplayStream stream = new InMemorySource(samples).stream(seed, threads)) {
      FeedBatches batches = FeedBatches.of(spec, stream, List.of(viewers), seed);
      for (int step = 0; step < 12; step++) {
        made.add(batches.apply(step));
      }
    }
    return made;
  }

  private static ImageBatch only(FeedBatch batch) {
    assertEquals(1, batch.batches().size());
    return batch.batches().get(0);
  }

  private static byte[] pixels(FeedBatch batch, String viewer, int image) {
    return only(batch).views().get(viewer).images().get(image).rgb();
  }

  private static boolean equal(FeedBatch a, FeedBatch b) {
    ImageBatch one = only(a);
    ImageBatch two = only(b);
    boolean equal =
        one.texts().equals(two.texts())
            && a.after().equals(b.after())
            && one.shifts().equals(two.shifts());
    for (String viewer : one.views().keySet()) {
      equal = equal && equal(one.views().get(viewer), two.views().get(viewer));
    }
    return equal;
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
    AugmentSpec colours =
        new AugmentSpec(
            .5,
            new AugmentSpec.JitterSpec(.8, .4, .4, .2, .1),
            .2,
            new AugmentSpec.BlurSpec(.2, 9, .1, 5),
            new AugmentSpec.SolariseSpec(.2, 128));
    for (FeedBuilder feed : List.of(feed(), feed().augment(colours), feed().shift(1))) {
      List<FeedBatch> one = batches(samples, feed, 5, 1, STUDENT, SMALL);
      List<FeedBatch> again = batches(samples, feed, 5, 3, STUDENT, SMALL);
      List<FeedBatch> other = batches(samples, feed, 6, 1, STUDENT, SMALL);
      for (int i = 0; i < one.size(); i++) {
        assertTrue(equal(one.get(i), again.get(i)), "batch " + i);
        assertFalse(equal(one.get(i), other.get(i)), "batch " + i);
      }
    }
  }

  /** The crop of torchvision, resized as Pillow does: nothing else without further options. */
  @Test
  void aViewIsTheCropOfItsSeedResized() {
    List<Sample> samples = InMemorySource.pictures(20);
    RandomResizedCrop draws = new RandomResizedCrop(.2, .6, 3. / 4, 4. / 3);
    ImageBatch batch = only(batches(samples, feed(), 5, 2, STUDENT, SMALL).get(0));
    for (int i = 0; i < batch.texts().size(); i++) {
      Set<String> found = new HashSet<>();
      for (Sample sample : samples) {
        RgbImage image = sample.image();
        long seed = KeyHash.seed(5, 0, sample.key());
        RgbImage cut = image.crop(draws.draw(image.width(), image.height(), seed));
        int side = batch.student().side();
        if (Arrays.equals(
            Resampling.BICUBIC.resize(cut, side, side).rgb(),
            batch.student().images().get(i).rgb())) {
          found.add(sample.text());
          assertArrayEquals(
              Resampling.BICUBIC.resize(cut, 16, 16).rgb(),
              batch.views().get("small").images().get(i).rgb());
        }
      }
      assertEquals(Set.of(batch.texts().get(i)), found);
    }
  }

  @Test
  void batchesShrinkAsTheAreaGrows() {
    Set<Integer> sides = new HashSet<>();
    long drawn = 0;
    for (FeedBatch batch : batches(ramps(100), feed(), 5, 2, STUDENT, SMALL)) {
      ImageView student = only(batch).student();
      ImageView teacher = only(batch).views().get("small");
      int side = student.side();
      sides.add(side);
      int count = side == 32 ? 8 : 2;
      drawn += count;
      assertEquals(count, batch.images());
      assertEquals(count, student.count());
      assertEquals(count * 3L * side * side, student.bytes());
      assertEquals(count, teacher.count());
      assertEquals(16, teacher.side());
      assertEquals(count * 3L * 16 * 16, teacher.bytes());
      assertEquals(count * 3L * (16 * 16 + side * side), batch.bytes());
      assertEquals(count, only(batch).texts().size());
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
    for (FeedBatch batch : batches(samples, feed(), 1, 2, STUDENT, SMALL)) {
      for (int i = 0; i < batch.images(); i++) {
        long red = Math.round(mean(only(batch).student(), i, 0));
        assertEquals("text " + red, only(batch).texts().get(i));
      }
    }
  }

  /** At equal sides only the normalisation differs, and the pixels are held once. */
  @Test
  void viewersOfEqualSidesShareTheirImages() {
    Viewer same = viewer("same", Normalisation.CLIP, 0);
    Viewer fixed = viewer("fixed", Normalisation.CLIP, 32);
    for (FeedBatch batch :
        batches(InMemorySource.pictures(20), feedOf32(), 5, 2, STUDENT, same, fixed, SMALL)) {
      Map<String, ImageView> views = only(batch).views();
      assertEquals(List.of("student", "same", "fixed", "small"), List.copyOf(views.keySet()));
      assertEquals(Normalisation.SAM, views.get("student").normalisation());
      assertEquals(Normalisation.CLIP, views.get("same").normalisation());
      for (int i = 0; i < 8; i++) {
        RgbImage image = views.get("student").images().get(i);
        assertSame(image, views.get("same").images().get(i));
        assertSame(image, views.get("fixed").images().get(i));
        assertNotSame(image, views.get("small").images().get(i));
      }
      assertEquals(8 * 3 * (32 * 32 + 16 * 16), batch.bytes());
    }
  }

  @Test
  void allSeeTheSameCropAtTheirSides() {
    Viewer large = viewer("large", Normalisation.CLIP, 96);
    Set<Long> places = new HashSet<>();
    for (FeedBatch batch : batches(ramps(30), feed(), 5, 2, STUDENT, SMALL, large)) {
      for (int i = 0; i < batch.images(); i++) {
        for (int channel = 0; channel < 2; channel++) {
          double student = mean(only(batch).student(), i, channel);
          for (String other : List.of("small", "large")) {
            double teacher = mean(only(batch).views().get(other), i, channel);
            assertEquals(student, teacher, 1.5, "centre of the crop, in quarters of a pixel");
          }
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
    Set<Long> places = new HashSet<>();
    for (FeedBatch batch : batches(ramps(8), feedOf32(), 5, 1, STUDENT, SMALL)) {
      int at = only(batch).texts().indexOf("ramp 3");
      places.add(Math.round(100 * mean(only(batch).student(), at, 0)));
    }
    assertTrue(places.size() > 8, "one image in 12 passes: " + places);
  }

  @Test
  void givenViewsRepeatInTurn() {
    for (FeedBuilder feed : List.of(feedOf32(), feedOf32().augment(flips(.5)))) {
      List<byte[]> seen = new ArrayList<>();
      for (FeedBatch batch : batches(ramps(8), feed.views(3), 5, 1, STUDENT, SMALL)) {
        int at = only(batch).texts().indexOf("ramp 3");
        seen.add(pixels(batch, "student", at));
      }
      for (int epoch = 0; epoch < 12; epoch++) {
        assertArrayEquals(seen.get(epoch % 3), seen.get(epoch));
      }
      assertFalse(Arrays.equals(seen.get(0), seen.get(1)));
      assertFalse(Arrays.equals(seen.get(1), seen.get(2)));
    }
  }

  /** Whatever is done, it is done to the largest image, of which the others are made. */
  private static void assertAugmented(AugmentSpec spec, UnaryOperator<RgbImage> expected) {
    List<Sample> samples = InMemorySource.pictures(20);
    List<FeedBatch> plain =
        batches(samples, feed(), 5, 1, SMALL, viewer("32", Normalisation.CLIP, 32));
    List<FeedBatch> varied =
        batches(samples, feed().augment(spec), 5, 1, SMALL, viewer("32", Normalisation.CLIP, 32));
    for (int b = 0; b < plain.size(); b++) {
      for (int i = 0; i < plain.get(b).images(); i++) {
        RgbImage large = only(plain.get(b)).views().get("32").images().get(i);
        RgbImage want = expected.apply(large);
        assertArrayEquals(want.rgb(), pixels(varied.get(b), "32", i));
        assertArrayEquals(
            Resampling.BICUBIC.resize(want, 16, 16).rgb(), pixels(varied.get(b), "small", i));
      }
    }
  }

  @Test
  void whatIsSwitchedOffChangesNothing() {
    assertAugmented(NOTHING, image -> image);
  }

  @Test
  void imagesAreFlippedForAll() {
    assertAugmented(flips(1), RgbImage::flipped);
  }

  @Test
  void brightValuesAreInvertedForAll() {
    AugmentSpec solarised =
        new AugmentSpec(
            0, NOTHING.jitter(), 0, NOTHING.blur(), new AugmentSpec.SolariseSpec(1, 100));
    assertAugmented(
        solarised,
        image -> {
          byte[] rgb = image.rgb().clone();
          for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) ((rgb[i] & 0xFF) >= 100 ? 255 - (rgb[i] & 0xFF) : rgb[i]);
          }
          return new RgbImage(image.width(), image.height(), rgb);
        });
  }

  /** Each image for itself, and not as its crop is drawn. */
  @Test
  void halfOfTheImagesAreFlipped() {
    FeedBuilder feed = new FeedBuilder(40, 32).crop(1, 1);
    int flipped = 0;
    for (FeedBatch batch : batches(ramps(60), feed.augment(flips(.5)), 5, 2, STUDENT)) {
      for (int i = 0; i < batch.images(); i++) {
        byte[] rgb = pixels(batch, "student", i);
        flipped += (rgb[0] & 0xFF) > (rgb[3 * 31] & 0xFF) ? 1 : 0;
      }
    }
    assertEquals(240, flipped, 44, "of 480, within four deviations");
  }

  /** The quarters are what another network sees alone. */
  @Test
  void aMosaicHoldsFourOfTheStudentsImages() {
    Viewer mosaic = mosaics("mosaic", 64);
    Viewer alone = viewer("alone", Normalisation.CLIP, 32);
    for (FeedBatch batch :
        batches(InMemorySource.pictures(20), feedOf32(), 5, 2, STUDENT, mosaic, alone)) {
      ImageView four = only(batch).views().get("mosaic");
      assertEquals(64, four.side());
      assertEquals(2, four.count());
      assertEquals(8, batch.images());
      for (int i = 0; i < 8; i++) {
        RgbImage quarter = four.images().get(i / 4).crop(Mosaic.quarter(i % 4, 64));
        assertArrayEquals(pixels(batch, "alone", i), quarter.rgb());
      }
      assertEquals(3 * (8 * 32 * 32 + 2 * 64 * 64), batch.bytes());
    }
  }

  /** Both windows on the larger picture agree where both see it. */
  @Test
  void shiftsMoveEachViewByItself() {
    Viewer same = viewer("same", Normalisation.CLIP, 0);
    Viewer picture = viewer("picture", Normalisation.CLIP, (4 + 2 * 1) * 8);
    List<Sample> samples = InMemorySource.pictures(20);
    List<FeedBatch> whole = batches(samples, feedOf32(), 5, 1, picture);
    List<FeedBatch> moved = batches(samples, feedOf32().shift(1), 5, 1, STUDENT, same);
    Set<Shift> drawn = new HashSet<>();
    int different = 0;
    for (int b = 0; b < moved.size(); b++) {
      Shifts shifts = only(moved.get(b)).shifts();
      for (String viewer : List.of("student", "same")) {
        Shift shift = shifts.of(viewer);
        drawn.add(shift);
        assertTrue(Math.abs(shift.dx()) <= 1 && Math.abs(shift.dy()) <= 1, shift::toString);
        // A shift to the right shows what is further left.
        Crop window = new Crop(8 * (1 - shift.dx()), 8 * (1 - shift.dy()), 32, 32);
        for (int i = 0; i < 8; i++) {
          RgbImage all = only(whole.get(b)).student().images().get(i);
          assertArrayEquals(all.crop(window).rgb(), pixels(moved.get(b), viewer, i));
        }
      }
      different += shifts.of("student").equals(shifts.of("same")) ? 0 : 1;
      ImageBatch batch = only(moved.get(b));
      shifts
          .overlap("student", "same", 4, 4)
          .ifPresent(
              overlap -> {
                RgbImage one = batch.student().images().get(3);
                RgbImage two = batch.views().get("same").images().get(3);
                assertArrayEquals(
                    one.crop(pixels(overlap.first())).rgb(),
                    two.crop(pixels(overlap.second())).rgb());
              });
    }
    assertTrue(drawn.size() > 6, "of 9 in 24 draws: " + drawn);
    assertTrue(different > 6, "in 12 batches");
  }

  private static Crop pixels(Crop cells) {
    return new Crop(8 * cells.x(), 8 * cells.y(), 8 * cells.width(), 8 * cells.height());
  }
}
