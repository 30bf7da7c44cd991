package org.samclip.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.source.EvaluationSet;

class SampleBatchesTest {

  private static EvaluationSet<Integer> set(int size, IntFunction<Integer> load) {
    return Pictures.set(List.of(), size, load);
  }

  private static List<Integer> all(SampleBatches<Integer> batches, int most) {
    List<Integer> all = new ArrayList<>();
    for (List<Integer> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
      assertTrue(batch.size() <= most);
      all.addAll(batch);
    }
    return all;
  }

  @Test
  void everySampleComesOnceInOrder() {
    SampleBatches<Integer> batches = new SampleBatches<>(set(5, i -> i), 2, 0);
    assertEquals(List.of(0, 1, 2, 3, 4), all(batches, 2));
    assertEquals(5, batches.used());
    assertEquals(0, batches.skipped());
  }

  @Test
  void aLimitIsSpreadOverTheSet() {
    assertEquals(List.of(0, 3, 6), all(new SampleBatches<>(set(10, i -> i), 2, 3), 2));
    assertEquals(2, all(new SampleBatches<>(set(2, i -> i), 2, 100), 2).size());
  }

  @Test
  void brokenSamplesAreSkippedAndCounted() {
    EvaluationSet<Integer> set =
        set(
            6,
            i -> {
              if (i % 2 == 0) {
                throw new BrokenSampleException(
                    BrokenSampleException.Kind.UNDECODABLE_IMAGE, i + ".png: broken");
              }
              return i;
            });
    SampleBatches<Integer> batches = new SampleBatches<>(set, 2, 0);
    assertEquals(List.of(1, 3, 5), all(batches, 2));
    assertEquals(3, batches.skipped());
  }

  @Test
  void wrongNumbersAndEmptyResultsAreUserErrors() {
    EvaluationSet<Integer> none = set(0, i -> i);
    assertThrows(UserError.class, () -> new SampleBatches<>(none, 0, 0));
    assertThrows(UserError.class, () -> new SampleBatches<>(none, 1, -1));
    SampleBatches<Integer> batches = new SampleBatches<>(none, 1, 0);
    assertTrue(batches.next().isEmpty());
    assertThrows(UserError.class, () -> batches.requireSome(0, "image"));
  }
}
