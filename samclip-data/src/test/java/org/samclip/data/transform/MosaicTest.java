package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MosaicTest {

  private static List<RgbImage> images(int side) {
    SplittableRandom random = new SplittableRandom(side);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < Mosaic.IMAGES; i++) {
      byte[] rgb = new byte[3 * side * side];
      random.nextBytes(rgb);
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }

  @Test
  void eachQuarterIsItsImage() {
    for (int half : new int[] {1, 2, 5}) {
      List<RgbImage> images = images(half);
      RgbImage mosaic = Mosaic.of(images);
      assertEquals(2 * half, mosaic.width());
      assertEquals(2 * half, mosaic.height());
      for (int i = 0; i < 4; i++) {
        Crop quarter = Mosaic.quarter(i, 2 * half);
        assertArrayEquals(images.get(i).rgb(), mosaic.crop(quarter).rgb());
      }
    }
  }

  @Test
  void imagesGoByRows() {
    assertEquals(new Crop(0, 0, 3, 3), Mosaic.quarter(0, 6));
    assertEquals(new Crop(3, 0, 3, 3), Mosaic.quarter(1, 6));
    assertEquals(new Crop(0, 3, 3, 3), Mosaic.quarter(2, 6));
    assertEquals(new Crop(3, 3, 3, 3), Mosaic.quarter(3, 6));
  }

  /** Features that hold their place in the image come back by image, each once. */
  @Test
  void cellsAreTheInverse() {
    for (int side : new int[] {2, 4, 6, 10}) {
      int half = side / 2;
      int[] owner = new int[side * side];
      int[] place = new int[side * side];
      for (int i = 0; i < 4; i++) {
        for (int y = 0; y < half; y++) {
          for (int x = 0; x < half; x++) {
            int at = (y + (i >= 2 ? half : 0)) * side + x + (i % 2 == 1 ? half : 0);
            owner[at] = i;
            place[at] = y * half + x;
          }
        }
      }
      for (int i = 0; i < 4; i++) {
        int[] cells = Mosaic.cells(i, side);
        assertEquals(half * half, cells.length);
        for (int n = 0; n < cells.length; n++) {
          assertEquals(i, owner[cells[n]]);
          assertEquals(n, place[cells[n]]);
          assertEquals(i, Mosaic.imageAt(cells[n] % side, cells[n] / side, side));
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    List<RgbImage> three = images(2).subList(0, 3);
    assertThrows(IllegalArgumentException.class, () -> Mosaic.of(three));
    List<RgbImage> mixed = new ArrayList<>(three);
    mixed.add(images(3).get(0));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.of(mixed));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.quarter(0, 5));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.quarter(4, 6));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.cells(-1, 6));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.imageAt(6, 0, 6));
    assertThrows(IllegalArgumentException.class, () -> Mosaic.imageAt(0, 0, 0));
  }
}
