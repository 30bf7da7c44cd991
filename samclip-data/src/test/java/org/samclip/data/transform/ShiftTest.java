package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.samclip.data.transform.Shift.Overlap;

class ShiftTest {

  /** A cell of a grid, and the patch of the picture that it shows. */
  private record Cell(int x, int y, int patchX, int patchY) {}

  private static List<Cell> seen(Shift shift, int width, int height, int margin) {
    List<Cell> cells = new ArrayList<>();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int px = x - shift.dx();
        int py = y - shift.dy();
        if (px >= -margin && px < width + margin && py >= -margin && py < height + margin) {
          cells.add(new Cell(x, y, px, py));
        }
      }
    }
    return cells;
  }

  private static boolean sees(List<Cell> cells, Cell other) {
    return cells.stream()
        .anyMatch(c -> c.patchX() == other.patchX() && c.patchY() == other.patchY());
  }

  private static List<Cell> within(List<Cell> cells, Crop window) {
    return cells.stream()
        .filter(c -> c.x() >= window.x() && c.x() < window.x() + window.width())
        .filter(c -> c.y() >= window.y() && c.y() < window.y() + window.height())
        .toList();
  }

  /** All shifts of small grids, against a search over all pairs of cells. */
  @Test
  void overlapIsWhatBothGridsSee() {
    int shared = 0;
    int apart = 0;
    for (int width = 1; width <= 4; width++) {
      for (int height = 1; height <= 3; height++) {
        for (int code = 0; code < 7 * 7 * 5 * 5 * 3; code++) {
          Shift first = new Shift(code % 7 - 3, code / 7 % 7 - 3);
          Shift second = new Shift(code / 49 % 5 - 2, code / 245 % 5 - 2);
          int margin = code / 1225;
          List<Cell> one = seen(first, width, height, margin);
          List<Cell> two = seen(second, width, height, margin);
          List<Cell> ofOne = one.stream().filter(c -> sees(two, c)).toList();
          List<Cell> ofTwo = two.stream().filter(c -> sees(one, c)).toList();
          Optional<Overlap> overlap = Shift.overlap(first, second, width, height, margin);
          assertEquals(!ofOne.isEmpty(), overlap.isPresent());
          if (overlap.isEmpty()) {
            apart++;
            continue;
          }
          shared++;
          Crop a = overlap.get().first();
          Crop b = overlap.get().second();
          a.requireInside(width, height);
          b.requireInside(width, height);
          assertEquals(ofOne, within(one, a));
          assertEquals(ofTwo, within(two, b));
          assertEquals(ofOne.size(), a.width() * a.height());
          assertEquals(a.width(), b.width());
          assertEquals(a.height(), b.height());
        }
      }
    }
    assertTrue(shared > 5000 && apart > 5000, shared + " and " + apart);
  }

  private static float[] picture(int width, int height) {
    float[] values = new float[2 * width * height];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    return values;
  }

  /** In the shared window, both translated pictures hold the same values. */
  @Test
  void translatedPicturesAgreeWhereTheyOverlap() {
    int patch = 2;
    int width = 4 * patch;
    int height = 3 * patch;
    float[] values = picture(width, height);
    for (int code = 0; code < 7 * 7 * 7 * 7; code++) {
      Shift first = new Shift(code % 7 - 3, code / 7 % 7 - 3);
      Shift second = new Shift(code / 49 % 7 - 3, code / 343 - 3);
      float[] one = first.translate(values, height, width, patch);
      float[] two = second.translate(values, height, width, patch);
      Optional<Overlap> overlap = Shift.overlap(first, second, 4, 3, 0);
      overlap.ifPresent(
          both -> {
            float[] cut = cut(one, width, height, both.first(), patch);
            assertArrayEquals(cut, cut(two, width, height, both.second(), patch));
            for (float value : cut) {
              assertTrue(value > 0);
            }
          });
    }
  }

  private static float[] cut(float[] values, int width, int height, Crop cells, int patch) {
    int w = cells.width() * patch;
    int h = cells.height() * patch;
    float[] out = new float[2 * w * h];
    for (int i = 0; i < out.length; i++) {
      int x = cells.x() * patch + i % w;
      int y = cells.y() * patch + i / w % h;
      out[i] = values[(i / (w * h) * height + y) * width + x];
    }
    return out;
  }

  @Test
  void translationMovesRightAndDownAndFillsWithZeros() {
    float[] values = {1, 2, 3, 4, 5, 6};
    assertArrayEquals(new float[] {0, 0, 0, 0, 1, 2}, new Shift(1, 1).translate(values, 2, 3, 1));
    assertArrayEquals(new float[] {2, 3, 0, 5, 6, 0}, new Shift(-1, 0).translate(values, 2, 3, 1));
    assertArrayEquals(new float[6], new Shift(2, 0).translate(values, 2, 3, 2));
    assertArrayEquals(new float[6], new Shift(0, -2).translate(values, 2, 3, 1));
    assertArrayEquals(values, Shift.NONE.translate(values, 2, 3, 16));
    assertThrows(IllegalArgumentException.class, () -> Shift.NONE.translate(values, 2, 2, 1));
  }

  /** Windows of a larger picture agree where the grids overlap. */
  @Test
  void windowsAgreeWhereTheyOverlap() {
    int margin = 2;
    int patch = 3;
    int grid = 3;
    int side = (grid + 2 * margin) * patch;
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 31 + i / 256);
    }
    RgbImage picture = new RgbImage(side, side, rgb);
    for (int code = 0; code < 5 * 5 * 5 * 5; code++) {
      Shift first = new Shift(code % 5 - 2, code / 5 % 5 - 2);
      Shift second = new Shift(code / 25 % 5 - 2, code / 125 - 2);
      Optional<Overlap> overlap = Shift.overlap(first, second, grid, grid, margin);
      RgbImage one = picture.crop(first.window(grid, grid, margin, patch));
      RgbImage two = picture.crop(second.window(grid, grid, margin, patch));
      overlap.ifPresent(
          both ->
              assertArrayEquals(
                  one.crop(pixels(both.first(), patch)).rgb(),
                  two.crop(pixels(both.second(), patch)).rgb()));
    }
    assertEquals(new Crop(0, 12, 9, 9), new Shift(2, -2).window(grid, grid, margin, patch));
    Shift far = new Shift(3, 0);
    assertThrows(IllegalArgumentException.class, () -> far.window(grid, grid, margin, patch));
  }

  private static Crop pixels(Crop cells, int patch) {
    return new Crop(
        cells.x() * patch, cells.y() * patch, cells.width() * patch, cells.height() * patch);
  }

  @Test
  void drawsAreUniform() {
    int most = 2;
    int draws = 25_000;
    int[] counts = new int[25];
    for (long seed = 0; seed < draws; seed++) {
      Shift shift = Shift.draw(most, seed);
      assertEquals(shift, Shift.draw(most, seed));
      counts[(shift.dy() + most) * 5 + shift.dx() + most]++;
    }
    double expected = draws / 25.0;
    for (int count : counts) {
      assertEquals(expected, count, 5 * Math.sqrt(expected));
    }
    assertEquals(Shift.NONE, Shift.draw(0, 7));
    assertThrows(IllegalArgumentException.class, () -> Shift.draw(-1, 7));
  }
}
