package org.samclip.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Precision and recall of all categories, and their means.
 *
 * @param categories in ascending order of id
 */
record CocoCurves(List<CocoCurves.OfCategory> categories) {

  /** Recalls at which precision is read: 0, .01 ... 1. */
  static final int RECALLS = 101;

  private static final int[] MAX_DETECTIONS = CocoAveragePrecision.MAX_DETECTIONS;
  private static final int LAST = MAX_DETECTIONS.length - 1;

  /** Added to the denominator of the precision, as numpy's spacing(1). */
  private static final double EPSILON = Math.ulp(1.0);

  /**
   * The curves of one category; -1 where a range of area has no object to be found.
   *
   * @param category its id
   * @param precision {@code [A][T][101]} at 100 detections
   * @param recall {@code [A][T][M]}
   */
  record OfCategory(long category, double[][][] precision, double[][][] recall) {

    static OfCategory of(long category, List<CocoMatches> images) {
      int areas = CocoMatches.AREAS.length;
      int thresholds = CocoMatches.THRESHOLDS.length;
      double[][][] precision = new double[areas][thresholds][RECALLS];
      double[][][] recall = new double[areas][thresholds][MAX_DETECTIONS.length];
      for (int m = 0; m < MAX_DETECTIONS.length; m++) {
        List<Entry> ranked = ranked(images, MAX_DETECTIONS[m]);
        for (int a = 0; a < areas; a++) {
          int objects = 0;
          for (CocoMatches image : images) {
            objects += image.objects()[a];
          }
          for (int t = 0; t < thresholds; t++) {
            double[] points = new double[RECALLS];
            recall[a][t][m] = objects == 0 ? -1 : trace(ranked, a, t, objects, points);
            if (objects == 0) {
              Arrays.fill(points, -1);
            }
            if (m == LAST) {
              precision[a][t] = points;
            }
          }
        }
      }
      return new OfCategory(category, precision, recall);
    }

    private record Entry(CocoMatches image, int detection) {
      double score() {
        return image.scores()[detection];
      }
    }

    private static List<Entry> ranked(List<CocoMatches> images, int most) {
      List<Entry> entries = new ArrayList<>();
      for (CocoMatches image : images) {
        for (int d = 0; d < Math.min(most, image.scores().length); d++) {
          entries.add(new Entry(image, d));
        }
      }
      entries.sort(Comparator.comparingDouble(Entry::score).reversed());
      return entries;
    }

    /** Fills the precision at the 101 recalls and returns the final recall. */
    private static double trace(List<Entry> ranked, int a, int t, int objects, double[] points) {
      double[] recall = new double[ranked.size()];
      double[] precision = new double[ranked.size()];
      int right = 0;
      int wrong = 0;
      for (int i = 0; i < recall.length; i++) {
        Entry entry = ranked.get(i);
        if (!entry.image().ignored()[a][t][entry.detection()]) {
          if (entry.image().matched()[a][t][entry.detection()]) {
            right++;
          } else {
            wrong++;
          }
        }
        recall[i] = (double) right / objects;
        precision[i] = right / (wrong + right + EPSILON);
      }
      for (int i = precision.length - 1; i > 0; i--) {
        precision[i - 1] = Math.max(precision[i - 1], precision[i]);
      }
      int at = 0;
      for (int r = 0; r < RECALLS; r++) {
        double wanted = r == RECALLS - 1 ? 1 : r * 0.01;
        while (at < recall.length && recall[at] < wanted) {
          at++;
        }
        points[r] = at < recall.length ? precision[at] : 0;
      }
      return recall.length == 0 ? 0 : recall[recall.length - 1];
    }

    private double meanPrecision(int area) {
      return mean(Arrays.stream(precision[area]).flatMapToDouble(Arrays::stream).toArray());
    }
  }

  CocoScores scores() {
    Map<Long, Double> perCategory = new TreeMap<>();
    for (OfCategory curve : categories) {
      perCategory.put(curve.category(), curve.meanPrecision(0));
    }
    return new CocoScores(
        precision(0, -1),
        precision(0, 0),
        precision(0, 5),
        precision(1, -1),
        precision(2, -1),
        precision(3, -1),
        recall(0, 0),
        recall(0, 1),
        recall(0, LAST),
        recall(1, LAST),
        recall(2, LAST),
        recall(3, LAST),
        perCategory);
  }

  /** Mean precision of one range of area at one threshold, or at all for -1. */
  private double precision(int area, int threshold) {
    List<double[]> all = new ArrayList<>();
    for (OfCategory curve : categories) {
      for (int t = 0; t < CocoMatches.THRESHOLDS.length; t++) {
        if (threshold < 0 || t == threshold) {
          all.add(curve.precision()[area][t]);
        }
      }
    }
    return mean(all.stream().flatMapToDouble(Arrays::stream).toArray());
  }

  private double recall(int area, int limit) {

    return mean(
        categories.stream()
            .flatMap(curve -> Arrays.stream(curve.recall()[area]))
            .mapToDouble(perLimit -> perLimit[limit])
            .toArray());
  }

  /** Mean of the values that are defined, -1 if none is. */
  private static double mean(double[] values) {
    return Arrays.stream(values).filter(value -> value > -1).average().orElse(-1);
  }
}
