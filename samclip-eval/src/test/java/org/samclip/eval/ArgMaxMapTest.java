package org.samclip.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.LibTorch;

class ArgMaxMapTest {

  @Test
  void piecesGiveTheArgMaxOfTheWholeAndEqualsGoToTheLower() {
    float[] maps = {1, 5, 0, 2, /**/ 1, 6, 0, 1, /**/ 3, 6, -1, 2, /**/ 3, 0, 0, 2};
    int[] expected = {2, 1, 0, 0};
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      for (int piece : new int[] {1, 2, 3, 4}) {
        try (ArgMaxMap highest = new ArgMaxMap(manager, 2, 2)) {
          var all = manager.create(maps, new Shape(4, 2, 2));
          for (int from = 0; from < 4; from += piece) {
            highest.add(all.get("{}:{}", from, Math.min(4, from + piece)));
          }
          assertArrayEquals(expected, highest.channels(), "pieces of " + piece);
        }
      }
    }
  }

  @Test
  void wrongSizesAndNothingAreRefused() {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        ArgMaxMap highest = new ArgMaxMap(manager, 2, 2)) {
      var wrong = manager.zeros(new Shape(1, 2, 3));
      assertThrows(IllegalArgumentException.class, () -> highest.add(wrong));
      assertThrows(IllegalStateException.class, highest::channels);
    }
  }
}
