package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AreaScaledBatchTest {

  @Test
  void batchShrinksAsTheAreaGrows() {
    AreaScaledBatch batch = new AreaScaledBatch(2048, 224, List.of(224, 448, 1024));
    assertEquals(2048, batch.batchFor(224));
    assertEquals(512, batch.batchFor(448)); // the paper's quarter
    assertEquals(98, batch.batchFor(1024)); // 2048 * 224^2 / 1024^2 = 98.0
    assertEquals(1, new AreaScaledBatch(1, 224, List.of(1024)).batchFor(1024));
    assertEquals(4, new AreaScaledBatch(1, 224, List.of(112)).batchFor(112));
    assertEquals((2048 + 512 + 98) / 3.0, batch.meanBatch());
    assertEquals(1000 / batch.meanBatch(), batch.stepsPerEpoch(1000));
  }

  @Test
  void drawsDependOnSeedAndStepOnly() {
    AreaScaledBatch batch = new AreaScaledBatch(64, 224, List.of(224, 448));
    List<AreaScaledBatch.Draw> first = draws(batch, 1);
    assertEquals(first, draws(batch, 1));
    assertNotEquals(first, draws(batch, 2));
    assertEquals(first.get(57), batch.at(1, 57));
  }

  @Test
  void drawsAreEven() {
    // 4000 fair draws: standard deviation 31.6, so 200 is more than six of them.
    AreaScaledBatch batch = new AreaScaledBatch(64, 224, List.of(224, 448));
    long small = draws(batch, 3).stream().filter(d -> d.resolution() == 224).count();
    assertEquals(2000, small, 200);
    long repeats = 0;
    List<AreaScaledBatch.Draw> draws = draws(batch, 3);
    for (int i = 1; i < draws.size(); i++) {
      repeats += draws.get(i).equals(draws.get(i - 1)) ? 1 : 0;
    }
    assertEquals(2000, repeats, 200);
  }

  private static List<AreaScaledBatch.Draw> draws(AreaScaledBatch batch, long seed) {
    List<AreaScaledBatch.Draw> draws = new ArrayList<>();
    for (int step = 0; step < 4000; step++) {
      draws.add(batch.at(seed, step));
    }
    return draws;
  }
}
