package org.samclip.train.objective;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Leaves teachers out, image by image: the one with the largest loss stays, each other goes with a
 * chance (UNIC, arXiv 2408.05088, section 3.3).
 */
final class TeacherDrop {

  private final double chance;
  private final long seed;

  /**
   * @param chance of each teacher but the worst to be left out
   * @param seed of the stage
   */
  TeacherDrop(double chance, long seed) {
    this.chance = chance;
    this.seed = seed;
  }

  /**
   * @param losses of the images by teacher, each as many
   * @param step of the stage
   * @param first number of the first image within the step
   * @return the images that each teacher keeps, by their index
   */
  Map<String, long[]> kept(Map<String, double[]> losses, long step, int first) {
    int images = losses.values().iterator().next().length;
    Map<String, List<Long>> kept = new LinkedHashMap<>();
    losses.keySet().forEach(teacher -> kept.put(teacher, new ArrayList<>()));
    for (int i = 0; i < images; i++) {
      // A generator for each image, so that the draw does not depend on micro-batches.
      SplittableRandom random =
          new SplittableRandom(new SplittableRandom(seed ^ step).nextLong() + first + i);
      String worst = worst(losses, i);
      for (String teacher : losses.keySet()) {
        boolean drops = random.nextDouble() < chance;
        if (teacher.equals(worst) || !drops) {
          kept.get(teacher).add((long) i);
        }
      }
    }
    Map<String, long[]> all = new LinkedHashMap<>();
    kept.forEach(
        (teacher, list) -> all.put(teacher, list.stream().mapToLong(Long::longValue).toArray()));
    return all;
  }

  private static String worst(Map<String, double[]> losses, int image) {
    String worst = null;
    for (Map.Entry<String, double[]> entry : losses.entrySet()) {
      if (worst == null || entry.getValue()[image] > losses.get(worst)[image]) {
        worst = entry.getKey();
      }
    }
    return worst;
  }
}
