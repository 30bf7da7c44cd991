package org.samclip.train.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BestTest {

  @Test
  void lowerOrHigherIsBetter() {
    assertEquals(new Best(20, 1, 0), Best.of(new Best(10, 2, 3), 20, 1, true));
    assertEquals(new Best(10, 2, 4), Best.of(new Best(10, 2, 3), 20, 3, true));
    assertEquals(new Best(20, 3, 0), Best.of(new Best(10, 2, 3), 20, 3, false));
    assertEquals(new Best(10, 2, 4), Best.of(new Best(10, 2, 3), 20, 1, false));
  }

  @Test
  void ofEqualLooksTheEarlierOneIsTheBest() {
    Best first = Best.of(null, 10, .5, false);
    assertEquals(new Best(10, .5, 0), first);
    assertEquals(new Best(10, .5, 1), Best.of(first, 20, .5, false));
  }
}
