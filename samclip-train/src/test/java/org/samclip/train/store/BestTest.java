package org.samclip.train.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.ValidationSpec;
import org.samclip.train.recipe.ValidationSpec.Keep;

class BestTest {

  private static ValidationSpec spec(String metric) {
    return new ValidationSpec(Duration.parse("10 steps"), 0, Keep.BEST, metric, 2);
  }

  @Test
  void aLossIsBetterWhenLowerAndASkillWhenHigher() {
    assertEquals(new Best(20, 1, 0), Best.of(new Best(10, 2, 3), 20, 1, spec("sam_loss")));
    assertEquals(new Best(10, 2, 4), Best.of(new Best(10, 2, 3), 20, 3, spec("loss")));
    assertEquals(new Best(20, 3, 0), Best.of(new Best(10, 2, 3), 20, 3, spec("point_miou")));
    assertEquals(new Best(10, 2, 4), Best.of(new Best(10, 2, 3), 20, 1, spec("point_miou")));
  }

  @Test
  void ofEqualLooksTheEarlierOneIsTheBest() {
    Best first = Best.of(null, 10, .5, spec("zeroshot_top1"));
    assertEquals(new Best(10, .5, 0), first);
    assertEquals(new Best(10, .5, 1), Best.of(first, 20, .5, spec("zeroshot_top1")));
  }
}
