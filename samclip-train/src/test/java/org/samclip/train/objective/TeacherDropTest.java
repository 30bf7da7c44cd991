package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TeacherDropTest {

  private static final int IMAGES = 4000;

  /** Losses of three teachers; the largest is anybody's. */
  private static Map<String, double[]> losses() {
    SplittableRandom random = new SplittableRandom(1);
    Map<String, double[]> losses = new LinkedHashMap<>();
    for (String name : new String[] {"a", "b", "c"}) {
      losses.put(name, random.doubles(IMAGES).toArray());
    }
    return losses;
  }

  private static String worst(Map<String, double[]> losses, int image) {
    return losses.entrySet().stream()
        .max((x, y) -> Double.compare(x.getValue()[image], y.getValue()[image]))
        .orElseThrow()
        .getKey();
  }

  @Test
  void theWorstStaysAndTheOthersGoWithTheChance() {
    Map<String, double[]> losses = losses();
    Map<String, long[]> kept = new TeacherDrop(.3, 7).kept(losses, 5, 0);
    int others = 0;
    Map<String, boolean[]> stays = new TreeMap<>();
    kept.forEach(
        (name, images) -> {
          boolean[] own = new boolean[IMAGES];
          Arrays.stream(images).forEach(i -> own[(int) i] = true);
          stays.put(name, own);
        });
    int together = 0;
    for (int i = 0; i < IMAGES; i++) {
      int here = 0;
      for (String name : losses.keySet()) {
        if (name.equals(worst(losses, i))) {
          assertTrue(stays.get(name)[i]);
        } else if (stays.get(name)[i]) {
          here++;
        }
      }
      others += here;
      together += here == 2 ? 1 : 0;
    }
    // Five standard deviations of a binomial.
    double n = 2. * IMAGES;
    assertEquals(.7 * n, others, 5 * Math.sqrt(n * .7 * .3));
    assertEquals(.49 * IMAGES, together, 5 * Math.sqrt(IMAGES * .49 * .51), "each goes by itself");
  }

  @Test
  void chancesOfZeroAndOneAreCertain() {
    Map<String, double[]> losses = losses();
    new TeacherDrop(0, 7).kept(losses, 5, 0).values().forEach(i -> assertEquals(IMAGES, i.length));
    Map<String, long[]> one = new TeacherDrop(1, 7).kept(losses, 5, 0);
    assertEquals(IMAGES, one.values().stream().mapToInt(i -> i.length).sum());
    one.forEach(
        (name, images) -> {
          for (long i : images) {
            assertEquals(worst(losses, (int) i), name);
          }
        });
  }

  /** An image's draw depends on its number within the step, not on the part it is in. */
  @Test
  void partsDrawWhatTheBatchDraws() {
    Map<String, double[]> losses = losses();
    Map<String, long[]> whole = new TeacherDrop(.5, 7).kept(losses, 3, 10);
    Map<String, double[]> tail = new LinkedHashMap<>();
    losses.forEach((name, own) -> tail.put(name, Arrays.copyOfRange(own, 100, 200)));
    new TeacherDrop(.5, 7)
        .kept(tail, 3, 110)
        .forEach(
            (name, images) ->
                assertArrayEquals(
                    Arrays.stream(whole.get(name))
                        .filter(i -> i >= 100 && i < 200)
                        .map(i -> i - 100)
                        .toArray(),
                    images));
  }

  @Test
  void stepsAndSeedsDrawAnew() {
    Map<String, double[]> losses = losses();
    long[] drawn = new TeacherDrop(.5, 7).kept(losses, 3, 0).get("a");
    assertArrayEquals(drawn, new TeacherDrop(.5, 7).kept(losses, 3, 0).get("a"));
    assertFalse(Arrays.equals(drawn, new TeacherDrop(.5, 7).kept(losses, 4, 0).get("a")));
    assertFalse(Arrays.equals(drawn, new TeacherDrop(.5, 8).kept(losses, 3, 0).get("a")));
  }
}
