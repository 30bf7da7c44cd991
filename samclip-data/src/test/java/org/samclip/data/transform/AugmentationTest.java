package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.samclip.UserError;
import org.samclip.data.transform.AugmentOptions.Blur;
import org.samclip.data.transform.AugmentOptions.Jitter;
import org.samclip.data.transform.AugmentOptions.Solarise;
import org.samclip.data.transform.Augmentation.Change;
import org.samclip.data.transform.Augmentation.Colour;
import org.samclip.data.transform.Augmentation.Draw;

class AugmentationTest {

  private static final int DRAWS = 40_000;

  private final Augmentation unic = new Augmentation(AugmentOptions.UNIC);
  private final List<Draw> draws = LongStream.range(0, DRAWS).mapToObj(unic::draw).toList();

  private static RgbImage picture(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new SplittableRandom(3).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  /** Within five standard deviations of a binomial share. */
  private static void assertShare(double expected, long count, long of) {
    double limit = 5 * Math.sqrt(expected * (1 - expected) / of);
    assertEquals(expected, (double) count / of, limit);
  }

  @Test
  void eachOperationHasItsProbability() {
    assertShare(0.5, draws.stream().filter(Draw::flip).count(), DRAWS);
    assertShare(0.8, draws.stream().filter(d -> !d.changes().isEmpty()).count(), DRAWS);
    assertShare(0.2, draws.stream().filter(Draw::grey).count(), DRAWS);
    assertShare(0.2, draws.stream().filter(d -> d.sigma().isPresent()).count(), DRAWS);
    assertShare(0.2, draws.stream().filter(Draw::solarise).count(), DRAWS);
  }

  @Test
  void operationsAreIndependentOfEachOther() {
    assertShare(0.5 * 0.2, draws.stream().filter(d -> d.flip() && d.grey()).count(), DRAWS);
    assertShare(
        0.2 * 0.2,
        draws.stream().filter(d -> d.sigma().isPresent() && d.solarise()).count(),
        DRAWS);
    assertShare(
        0.8 * 0.5, draws.stream().filter(d -> !d.changes().isEmpty() && d.flip()).count(), DRAWS);
  }

  @Test
  void amountsAreUniformInTheirRanges() {
    Map<Colour, DoubleSummaryStatistics> amounts = new EnumMap<>(Colour.class);
    for (Draw draw : draws) {
      for (Change change : draw.changes()) {
        amounts
            .computeIfAbsent(change.colour(), c -> new DoubleSummaryStatistics())
            .accept(change.amount());
      }
    }
    assertUniform(0.6, 1.4, amounts.get(Colour.BRIGHTNESS));
    assertUniform(0.6, 1.4, amounts.get(Colour.CONTRAST));
    assertUniform(0.8, 1.2, amounts.get(Colour.SATURATION));
    assertUniform(-0.1, 0.1, amounts.get(Colour.HUE));
    assertUniform(
        0.1,
        5,
        draws.stream()
            .filter(d -> d.sigma().isPresent())
            .mapToDouble(d -> d.sigma().getAsDouble())
            .summaryStatistics());
  }

  private static void assertUniform(double low, double high, DoubleSummaryStatistics values) {
    double range = high - low;
    assertTrue(values.getMin() >= low && values.getMin() < low + range / 500, values::toString);
    assertTrue(values.getMax() <= high && values.getMax() > high - range / 500, values::toString);
    double deviation = range / Math.sqrt(12.0 * values.getCount());
    assertEquals((low + high) / 2, values.getAverage(), 5 * deviation);
  }

  @Test
  void aStrengthOverOneDoesNotGoBelowZero() {
    Augmentation strong =
        new Augmentation(
            new AugmentOptions(
                0, new Jitter(1, 3, 0, 0, 0), 0, new Blur(0, 9, 1, 1), new Solarise(0, 0)));
    DoubleSummaryStatistics amounts =
        LongStream.range(0, DRAWS)
            .mapToObj(strong::draw)
            .peek(d -> assertEquals(1, d.changes().size()))
            .mapToDouble(d -> d.changes().get(0).amount())
            .summaryStatistics();
    assertUniform(0, 4, amounts);
  }

  @Test
  void all24OrdersAreEquallyFrequent() {
    Map<List<Colour>, Integer> orders = new HashMap<>();
    int changed = 0;
    for (Draw draw : draws) {
      if (!draw.changes().isEmpty()) {
        orders.merge(draw.changes().stream().map(Change::colour).toList(), 1, Integer::sum);
        changed++;
      }
    }
    assertEquals(24, orders.size());
    for (int count : orders.values()) {
      assertShare(1.0 / 24, count, changed);
    }
  }

  @Test
  void theSeedDecidesEverything() {
    RgbImage image = picture(40, 30);
    byte[] before = image.rgb().clone();
    for (long seed = 0; seed < 50; seed++) {
      assertEquals(unic.draw(seed), draws.get((int) seed));
      assertArrayEquals(unic.apply(image, seed).rgb(), unic.apply(image, seed).rgb());
    }
    assertArrayEquals(before, image.rgb());
    assertNotEquals(unic.draw(1), unic.draw(2));
  }

  @Test
  void switchingOneOffLeavesTheOthers() {
    AugmentOptions all = AugmentOptions.UNIC;
    AugmentOptions fewer =
        new AugmentOptions(
            0, new Jitter(0.8, 0.4, 0, 0.2, 0.1), 0, all.blur(), AugmentOptions.NONE.solarise());
    Augmentation some = new Augmentation(fewer);
    for (int seed = 0; seed < 200; seed++) {
      Draw draw = some.draw(seed);
      assertEquals(draws.get(seed).sigma(), draw.sigma());
      assertEquals(
          draws.get(seed).changes().stream().filter(c -> c.colour() != Colour.CONTRAST).toList(),
          draw.changes());
    }
  }

  @Test
  void noneLeavesTheImage() {
    RgbImage image = picture(5, 4);
    Augmentation none = new Augmentation(AugmentOptions.NONE);
    for (long seed = 0; seed < 1000; seed++) {
      assertSame(image, none.apply(image, seed));
    }
  }

  @Test
  void certaintyMeansEveryImage() {
    Augmentation always =
        new Augmentation(
            new AugmentOptions(
                1, new Jitter(1, 0, 0, 0, 0.5), 1, new Blur(1, 3, 2, 2), new Solarise(1, 255)));
    for (long seed = 0; seed < 1000; seed++) {
      Draw draw = always.draw(seed);
      assertTrue(draw.flip() && draw.grey() && draw.solarise());
      assertEquals(2, draw.sigma().getAsDouble());
      assertEquals(1, draw.changes().size());
    }
  }

  @Test
  void aBlurKeepsFlatColoursAndMirrorsBordersOfSmallImages() {
    byte[] flat = new byte[3 * 2 * 3];
    Arrays.fill(flat, (byte) 201);
    RgbImage image = new RgbImage(2, 3, flat);
    assertArrayEquals(flat, new GaussianBlur(9, 5).apply(image).rgb());
    RgbImage one = new RgbImage(1, 1, new byte[] {1, 2, 3});
    assertArrayEquals(one.rgb(), new GaussianBlur(9, 5).apply(one).rgb());
    // Two pixels 0 and 90 mirror to 0 90 0 90 0 ...: five of nine cells are the pixel itself where
    // the window is wide.
    RgbImage two = new RgbImage(2, 1, new byte[] {0, 0, 0, 90, 90, 90});
    byte[] blurred = new GaussianBlur(9, 1000).apply(two).rgb();
    assertEquals(40, blurred[0]);
    assertEquals(50, blurred[3]);
  }

  @Test
  void flippingTwiceIsNothing() {
    RgbImage image = picture(7, 3);
    RgbImage flipped = image.flipped();
    assertArrayEquals(image.rgb(), flipped.flipped().rgb());
    IntStream.range(0, 7)
        .forEach(x -> assertEquals(image.at(x, 2, 1), flipped.at(6 - x, 2, 1), "column " + x));
  }

  @Test
  void wrongOptionsAreNamed() {
    refused("flip 1.5: allowed: 0..1", () -> options(1.5, 0));
    refused("grey -0.1: allowed: 0..1", () -> options(0, -0.1));
    refused("grey NaN", () -> options(0, Double.NaN));
    refused("jitter.probability 2: allowed: 0..1", () -> new Jitter(2, 0, 0, 0, 0));
    refused("jitter.brightness -1: allowed: 0..10", () -> new Jitter(0, -1, 0, 0, 0));
    refused("jitter.contrast 11", () -> new Jitter(0, 0, 11, 0, 0));
    refused("jitter.saturation", () -> new Jitter(0, 0, 0, Double.POSITIVE_INFINITY, 0));
    refused("jitter.hue 0.6: allowed: 0..0.5", () -> new Jitter(0, 0, 0, 0, 0.6));
    refused("blur.kernel 8: allowed: odd", () -> new Blur(0, 8, 1, 2));
    refused("blur.sigma_min 0: allowed: 0.01..100", () -> new Blur(0, 9, 0, 2));
    refused("blur.sigma_max 0.5: allowed: 1..100", () -> new Blur(0, 9, 1, 0.5));
    refused("solarise.threshold 256: allowed: 0..255", () -> new Solarise(0, 256));
  }

  private static AugmentOptions options(double flip, double grey) {
    return new AugmentOptions(
        flip, new Jitter(0, 0, 0, 0, 0), grey, new Blur(0, 9, 1, 2), new Solarise(0, 128));
  }

  private static void refused(String expected, Executable making) {
    String message = assertThrows(UserError.class, making).getMessage();
    assertTrue(message.startsWith(expected), message);
  }
}
