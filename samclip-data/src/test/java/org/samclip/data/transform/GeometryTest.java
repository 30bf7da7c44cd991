package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;

class GeometryTest {

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new SplittableRandom(width).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  @Test
  void aWindowEqualsThatPartOfTheWhole() {
    RgbImage image = noise(37, 23);
    for (Resampling filter : Resampling.values()) {
      for (int[] size : new int[][] {{11, 9}, {80, 61}, {37, 50}, {20, 23}, {37, 23}}) {
        RgbImage whole = filter.resize(image, size[0], size[1]);
        Crop window = new Crop(3, 2, size[0] - 5, size[1] - 4);
        assertArrayEquals(
            whole.crop(window).rgb(), filter.resize(image, size[0], size[1], window).rgb());
      }
    }
  }

  /** The triangle filter at half the size weighs 1 3 3 1 pixels in each direction. */
  @Test
  void halvesWithTheTriangleFilter() {
    RgbImage image = noise(14, 10);
    RgbImage half = Resampling.BILINEAR.resize(image, 7, 5);
    int[] weights = {1, 3, 3, 1};
    for (int y = 1; y < 4; y++) {
      for (int x = 1; x < 6; x++) {
        for (int channel = 0; channel < 3; channel++) {
          int sum = 0;
          for (int row = 0; row < 4; row++) {
            int narrow = 0;
            for (int column = 0; column < 4; column++) {
              narrow += weights[column] * image.at(2 * x - 1 + column, 2 * y - 1 + row, channel);
            }
            sum += weights[row] * (narrow + 4 >> 3);
          }
          assertEquals(sum + 4 >> 3, half.at(x, y, channel));
        }
      }
    }
  }

  /**
   * Keys' filter at twice the size: -3 29 111 -9 of 128 in even columns, turned round in odd ones.
   */
  @Test
  void doublesWithTheCubicFilterWithinABytesRange() {
    byte[] rgb = new byte[3 * 12 * 5];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 7 % 5 < 2 ? 255 : 0);
    }
    RgbImage image = new RgbImage(12, 5, rgb);
    RgbImage wide = Resampling.BICUBIC.resize(image, 24, 5);
    int[] weights = {-3, 29, 111, -9};
    for (int y = 0; y < 5; y++) {
      for (int x = 4; x < 20; x++) {
        for (int channel = 0; channel < 3; channel++) {
          int sum = 0;
          for (int k = 0; k < 4; k++) {
            int column = x % 2 == 0 ? x / 2 - 2 + k : x / 2 + 2 - k;
            sum += weights[k] * image.at(column, y, channel);
          }
          int expected = Math.max(0, Math.min(255, sum + 64 >> 7));
          assertEquals(expected, wide.at(x, y, channel));
        }
      }
    }
  }

  @Test
  void resizingKeepsConstants() {
    byte[] rgb = new byte[3 * 19 * 7];
    java.util.Arrays.fill(rgb, (byte) 201);
    RgbImage image = new RgbImage(19, 7, rgb);
    for (byte value : Resampling.BICUBIC.resize(image, 5, 30).rgb()) {
      assertEquals((byte) 201, value);
    }
  }

  @Test
  void longStripsStaySmall() {
    RgbImage strip = noise(60_000, 1);
    assertEquals(64 * 64 * 3, new ClipPreprocess(64).apply(strip).length);
    assertEquals(64 * 64 * 3, new SamPreprocess(64).apply(strip).length);
  }

  @Test
  void nearestTakesPixelCentres() {
    LabelMap map = new LabelMap(4, 2, new byte[] {0, 1, 2, 3, 4, 5, 6, 7});
    assertArrayEquals(new byte[] {5, 7}, map.resize(2, 1).labels());
    assertArrayEquals(
        new byte[] {0, 0, 1, 1, 2, 2, 3, 3}, map.resize(8, 2).crop(new Crop(0, 0, 8, 1)).labels());
    assertArrayEquals(new byte[] {0, 2, 3}, map.resize(3, 2).crop(new Crop(0, 0, 3, 1)).labels());
    assertSame(map, map.resize(4, 2));
    assertEquals(7, map.at(3, 1));
  }

  @Test
  void masksFollowTheirImageIntoTheInput() {
    // The right half of an image twice as wide as high.
    byte[] pixels = new byte[20 * 40];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i % 40 >= 20 ? 1 : 0);
    }
    byte[] padded = new SamPreprocess(16).apply(RunLengthMask.encode(pixels, 20, 40));
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        assertEquals(y < 8 && x >= 8 ? 1 : 0, padded[y * 16 + x], x + "," + y);
      }
    }
  }

  @Test
  void paddingIsZeroAfterNormalisation() {
    Normalisation half = new Normalisation(255, List.of(.5f, .5f, .5f), List.of(.5f, .5f, .5f));
    RgbImage dot = new RgbImage(1, 1, new byte[] {0, (byte) 255, 0});
    assertArrayEquals(new float[] {-1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0}, half.padded(dot, 2, 2));
  }

  @Test
  void cropsStayInsideAndWithinTheirRanges() {
    RandomResizedCrop crop = new RandomResizedCrop(.3, .9, .75, 4 / 3.0);
    SplittableRandom seeds = new SplittableRandom(1);
    double smallest = 1;
    double largest = 0;
    for (int i = 0; i < 2000; i++) {
      Crop drawn = crop.draw(200, 160, seeds.nextLong());
      assertTrue(drawn.x() + drawn.width() <= 200 && drawn.y() + drawn.height() <= 160);
      double share = drawn.width() * drawn.height() / 32000.0;
      double ratio = (double) drawn.width() / drawn.height();
      assertTrue(share > .29 && share < .91, "" + share);
      assertTrue(ratio > .73 && ratio < 1.36, "" + ratio);
      smallest = Math.min(smallest, share);
      largest = Math.max(largest, share);
    }
    assertTrue(smallest < .32 && largest > .85, smallest + ".." + largest);
    assertEquals(crop.draw(200, 160, 9), crop.draw(200, 160, 9));
  }

  @Test
  void cropsOfExtremeImagesFallBackToTheCentre() {
    RandomResizedCrop crop = new RandomResizedCrop(.9, 1, .75, 4 / 3.0);
    assertEquals(new Crop(493, 0, 13, 10), crop.draw(1000, 10, 1));
    assertEquals(new Crop(0, 493, 10, 13), crop.draw(10, 1000, 1));
    assertEquals(new Crop(0, 0, 1, 1), crop.draw(1, 1, 1));
  }

  @Test
  void refusesImpossibleRanges() {
    assertThrows(UserError.class, () -> new RandomResizedCrop(0, 1, 1, 1));
    assertThrows(UserError.class, () -> new RandomResizedCrop(.5, 1.1, 1, 1));
    assertThrows(UserError.class, () -> new RandomResizedCrop(.5, 1, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> noise(5, 5).crop(new Crop(3, 3, 3, 1)));
  }
}
