package org.samclip.eval.metric;

import java.util.List;
import org.samclip.eval.metric.CocoAveragePrecision.Detection;
import org.samclip.eval.metric.CocoAveragePrecision.Overlap;
import org.samclip.eval.metric.CocoAveragePrecision.Truth;

/**
 * Which detections of one image and category found an object, for every range of area A and IoU
 * threshold T.
 *
 * @param scores {@code [D]} of the detections, descending
 * @param matched {@code [A][T][D]} whether the detection found an object
 * @param ignored {@code [A][T][D]} whether the detection is left out of the count
 * @param objects {@code [A]} number of objects to be found
 */
record CocoMatches(double[] scores, boolean[][][] matched, boolean[][][] ignored, int[] objects) {

  /** IoU thresholds, with the rounding of numpy's linspace. */
  static final double[] THRESHOLDS = new double[10];

  /** Smallest and largest area in pixels, inclusive: all, small, medium, large. */
  static final double[][] AREAS = {
    {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10},
  };

  static {
    double step = (0.95 - 0.5) / (THRESHOLDS.length - 1);
    for (int t = 0; t < THRESHOLDS.length - 1; t++) {
      THRESHOLDS[t] = t * step + 0.5;
    }
    THRESHOLDS[THRESHOLDS.length - 1] = 0.95;
  }

  static <R> CocoMatches of(
      List<Truth<R>> truths, List<Detection<R>> detections, Overlap<R> overlap) {
    int count = detections.size();
    double[][] ious = new double[count][truths.size()];
    for (int d = 0; d < count; d++) {
      for (int g = 0; g < truths.size(); g++) {
        Truth<R> truth = truths.get(g);
        ious[d][g] = overlap.iou(detections.get(d).region(), truth.region(), truth.crowd());
      }
    }
    double[] scores = detections.stream().mapToDouble(Detection::score).toArray();
    boolean[][][] matched = new boolean[AREAS.length][THRESHOLDS.length][count];
    boolean[][][] ignored = new boolean[AREAS.length][THRESHOLDS.length][count];
    int[] objects = new int[AREAS.length];
    for (int a = 0; a < AREAS.length; a++) {
      double[] area = AREAS[a];
      boolean[] leftOut = new boolean[truths.size()];
      for (int g = 0; g < leftOut.length; g++) {
        leftOut[g] = truths.get(g).crowd() || isOutside(truths.get(g).area(), area);
        objects[a] += leftOut[g] ? 0 : 1;
      }
      int[] order = countedFirst(leftOut);
      for (int t = 0; t < THRESHOLDS.length; t++) {
        boolean[] taken = new boolean[leftOut.length];
        for (int d = 0; d < count; d++) {
          int found =
              find(ious[d], Math.min(THRESHOLDS[t], 1 - 1e-10), order, leftOut, taken, truths);
          matched[a][t][d] = found >= 0;
          ignored[a][t][d] =
              found >= 0 ? leftOut[found] : isOutside(detections.get(d).area(), area);
          if (found >= 0) {
            taken[found] = true;
          }
        }
      }
    }
    return new CocoMatches(scores, matched, ignored, objects);
  }

  /**
   * The free object of the highest IoU at or above the threshold, the last of equals; one that
   * counts goes before any that is left out. -1 if there is none.
   */
  private static <R> int find(
      double[] ious,
      double threshold,
      int[] order,
      boolean[] leftOut,
      boolean[] taken,
      List<Truth<R>> truths) {
    int found = -1;
    double best = threshold;
    for (int g : order) {
      if (taken[g] && !truths.get(g).crowd()) {
        continue;
      }
      if (found >= 0 && !leftOut[found] && leftOut[g]) {
        break;
      }
      if (ious[g] >= best) {
        best = ious[g];
        found = g;
      }
    }
    return found;
  }

  /** Indices of the objects that count, then of those left out, each in their order. */
  private static int[] countedFirst(boolean[] leftOut) {
    int[] order = new int[leftOut.length];
    int at = 0;
    for (boolean wanted : new boolean[] {false, true}) {
      for (int g = 0; g < leftOut.length; g++) {
        if (leftOut[g] == wanted) {
          order[at++] = g;
        }
      }
    }
    return order;
  }

  private static boolean isOutside(double area, double[] range) {
    return area < range[0] || area > range[1];
  }
}
