package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.AugmentOptions;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.RgbImage;
import org.samclip.train.InMemorySource;
import org.samclip.train.feed.ViewBatches.Crops;

class ViewBatchesTest {

  private static final int BATCH = 4;
  private static final Crops GLOBAL = new Crops(2, 32, new RandomResizedCrop(.5, 1, .75, 4. / 3));
  private static final Crops LOCAL = new Crops(3, 16, new RandomResizedCrop(.05, .2, .75, 4. / 3));

  private static List<FeedBatch> batches(
      List<Sample> samples, AugmentOptions colour, long seed, int threads) {
    return batches(samples, 0, colour, seed, threads);
  }

  private static List<FeedBatch> batches(
      List<Sample> samples, double plain, AugmentOptions colour, long seed, int threads) {
    List<FeedBatch> made = new ArrayList<>();
    try (ReplayStream stream = new InMemorySource(samples).stream(seed, threads)) {
      ViewBatches batches =
          new ViewBatches(stream, BATCH, GLOBAL, LOCAL, plain, colour, Normalisation.SAM, seed);
      for (int step = 0; step < 6; step++) {
        made.add(batches.apply(step));
      }
    }
    return made;
  }

  private static ImageView global(FeedBatch batch) {
    return batch.batches().get(0).student();
  }

  private static ImageView local(FeedBatch batch) {
    return batch.batches().get(1).student();
  }

  private static boolean equal(ImageView a, ImageView b) {
    boolean equal = a.count() == b.count();
    for (int i = 0; equal && i < a.count(); i++) {
      equal = Arrays.equals(a.images().get(i).rgb(), b.images().get(i).rgb());
    }
    return equal;
  }

  @Test
  void seedsDecideNotThreads() {
    List<Sample> samples = InMemorySource.pictures(10);
    AugmentOptions colour = AugmentOptions.UNIC;
    List<FeedBatch> one = batches(samples, colour, 5, 1);
    List<FeedBatch> again = batches(samples, colour, 5, 3);
    List<FeedBatch> other = batches(samples, colour, 6, 1);
    for (int i = 0; i < one.size(); i++) {
      assertTrue(equal(global(one.get(i)), global(again.get(i))), "batch " + i);
      assertTrue(equal(local(one.get(i)), local(again.get(i))), "batch " + i);
      assertFalse(equal(global(one.get(i)), global(other.get(i))), "batch " + i);
    }
  }

  /** Every image has a colour of its own, so a crop tells whose it is. */
  @Test
  void viewsOfAnImageStandABatchApart() {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      byte[] rgb = new byte[3 * 40 * 40];
      Arrays.fill(rgb, (byte) (10 * i));
      samples.add(new Sample("plain" + i, new RgbImage(40, 40, rgb), "", List.of()));
    }
    for (FeedBatch batch : batches(samples, AugmentOptions.NONE, 1, 2)) {
      assertEquals(2 * BATCH, global(batch).count());
      assertEquals(3 * BATCH, local(batch).count());
      Set<Integer> colours = new HashSet<>();
      for (int image = 0; image < BATCH; image++) {
        int colour = global(batch).images().get(image).at(0, 0, 0);
        colours.add(colour);
        assertEquals(32, global(batch).images().get(image).width());
        assertEquals(colour, global(batch).images().get(BATCH + image).at(3, 5, 1));
        for (int view = 0; view < 3; view++) {
          RgbImage local = local(batch).images().get(view * BATCH + image);
          assertEquals(16, local.height());
          assertEquals(colour, local.at(7, 7, 2));
        }
      }
      assertEquals(BATCH, colours.size());
      assertEquals(BATCH * 3L * (2 * 32 * 32 + 3 * 16 * 16), batch.bytes());
    }
  }

  @Test
  void aboutHalfOfTheCropsAreMirrored() {
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (4 * (i / 3 % 64)); // grows to the right
    }
    List<Sample> ramp = List.of(new Sample("ramp", new RgbImage(64, 64, rgb), "", List.of()));
    AugmentOptions none = AugmentOptions.NONE;
    AugmentOptions flip =
        new AugmentOptions(.5, none.jitter(), none.grey(), none.blur(), none.solarise());
    int mirrored = 0;
    int all = 0;
    for (int seed = 0; seed < 5; seed++) {
      for (FeedBatch batch : batches(ramp, flip, seed, 1)) {
        for (RgbImage image : global(batch).images()) {
          mirrored += image.at(0, 0, 0) > image.at(31, 0, 0) ? 1 : 0;
          all++;
        }
      }
    }
    assertTrue(mirrored > .4 * all && mirrored < .6 * all, mirrored + " of " + all);
  }

  /** The mask is the left half, which is white; the rest is black until it is painted. */
  @Test
  void whatNoMaskCoversBecomesOneColour() {
    byte[] rgb = new byte[3 * 40 * 40];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 40 < 20 ? 255 : 0);
    }
    Sample sample =
        new Sample(
            "half",
            new RgbImage(40, 40, rgb),
            "",
            List.of(
                InMemorySource.rectangle(40, 40, 0, 0, 20, 25),
                InMemorySource.rectangle(40, 40, 0, 15, 20, 25)));
    Crops whole = new Crops(2, 40, new RandomResizedCrop(1, 1, 1, 1));
    Crops none = new Crops(0, 8, new RandomResizedCrop(1, 1, 1, 1));
    int painted = 0;
    Set<Integer> colours = new HashSet<>();
    try (ReplayStream stream = new InMemorySource(List.of(sample)).stream(1, 1)) {
      ViewBatches batches =
          new ViewBatches(stream, 50, whole, none, .7, AugmentOptions.NONE, Normalisation.SAM, 1);
      for (RgbImage image : global(batches.apply(0)).images()) {
        boolean mirrored = image.at(0, 0, 0) != 255 || image.at(0, 0, 1) != 255;
        int object = mirrored ? 39 : 0;
        int ground = 39 - object;
        for (int y = 0; y < 40; y++) {
          for (int c = 0; c < 3; c++) {
            assertEquals(255, image.at(object, y, c));
            assertEquals(image.at(ground, 0, c), image.at(ground, y, c));
          }
        }
        int shade =
            image.at(ground, 0, 0) << 16 | image.at(ground, 0, 1) << 8 | image.at(ground, 0, 2);
        painted += shade == 0 ? 0 : 1;
        colours.add(shade);
      }
    }
    assertTrue(painted >= 55 && painted <= 85, painted + " of 100");
    assertEquals(painted + 1, colours.size(), "each its own colour, and black");
  }

  @Test
  void hiddenPatchesAreOneRectangleInAboutHalfOfTheImages() {
    int grid = 8;
    PatchMasks masks = PatchMasks.draw(400, grid, new SplittableRandom(3));
    int with = 0;
    for (int image = 0; image < 400; image++) {
      int top = grid;
      int bottom = -1;
      int left = grid;
      int right = -1;
      int count = 0;
      for (int i = 0; i < grid * grid; i++) {
        if (masks.hidden()[image * grid * grid + i] == 1) {
          count++;
          top = Math.min(top, i / grid);
          bottom = Math.max(bottom, i / grid);
          left = Math.min(left, i % grid);
          right = Math.max(right, i % grid);
        }
      }
      if (count > 0) {
        with++;
        assertEquals(count, (bottom - top + 1) * (right - left + 1), "image " + image);
        assertTrue(count >= 4 && count <= 40, count + " patches");
      }
    }
    assertTrue(with > 160 && with < 240, with + " of 400");
    for (int seed = 0; seed < 100; seed++) {
      float[] smallest = PatchMasks.draw(1, 2, new SplittableRandom(seed)).hidden();
      int count = 0;
      for (float value : smallest) {
        count += value == 1 ? 1 : 0;
      }
      assertTrue(count >= 2, "a norm over the batch needs two rows");
    }
    PatchMasks one = PatchMasks.draw(1, grid, new SplittableRandom(4));
    PatchMasks same = PatchMasks.draw(1, grid, new SplittableRandom(4));
    assertArrayEquals(one.hidden(), same.hidden());
  }
}
