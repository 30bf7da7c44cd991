package org.samclip.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Counts of (target class, predicted class) pairs over the pixels of any number of label maps. Row
 * = target, column = prediction; pixels whose target is the ignore index are left out. Not safe for
 * use by several threads at once; give each its own and {@link #add(ConfusionMatrix) add} them up.
 *
 * <p>The pixels are counted by a plain loop: ND4J's {@code confusion_matrix} operator loses counts
 * when a pair occurs more than once in a large input, and its {@code bincount} is exact but a
 * hundred times slower than the loop.
 */
public final class ConfusionMatrix {

  /** The largest number of classes: the matrix then takes 128 MiB. */
  public static final int MAX_CLASSES = 4096;

  private final int classes;
  private final OptionalInt ignoreIndex;
  private final long[] counts;

  /**
   * @param classes number of classes K, 1 to {@value #MAX_CLASSES}
   * @param ignoreIndex target value of pixels to leave out (255 by custom); empty: none is left out
   * @throws IllegalArgumentException if {@code classes} is out of range or the ignore index is one
   *     of the classes
   */
  public ConfusionMatrix(int classes, OptionalInt ignoreIndex) {
    if (classes < 1 || classes > MAX_CLASSES) {
      throw new IllegalArgumentException(
          "classes must be 1 to " + MAX_CLASSES + ", not " + classes);
    }
    if (ignoreIndex.isPresent()
        && ignoreIndex.getAsInt() >= 0
        && ignoreIndex.getAsInt() < classes) {
      throw new IllegalArgumentException(
          "ignore index " + ignoreIndex.getAsInt() + " is one of the " + classes + " classes");
    }
    this.classes = classes;
    this.ignoreIndex = ignoreIndex;
    this.counts = new long[classes * classes];
  }

  /**
   * @param classes number of classes K
   * @param ignoreIndex target value of pixels to leave out
   */
  public ConfusionMatrix(int classes, int ignoreIndex) {
    this(classes, OptionalInt.of(ignoreIndex));
  }

  /**
   * Adds the pixels of one label map, or of none when a value is out of range.
   *
   * @param target true classes, any order of pixels; 0 to K - 1 or the ignore index
   * @param prediction predicted classes in the same order; 0 to K - 1 wherever the target counts
   * @throws IllegalArgumentException if the lengths differ or a class is out of range
   */
  public void add(int[] target, int[] prediction) {
    if (target.length != prediction.length) {
      throw new IllegalArgumentException(
          "label map has "
              + target.length
              + " pixels and the prediction "
              + prediction.length
              + "; they must have the same size");
    }
    boolean ignores = ignoreIndex.isPresent();
    int ignored = ignoreIndex.orElse(-1);
    for (int i = 0; i < target.length; i++) {
      if (!(ignores && target[i] == ignored)) {
        checkClass("target", target[i]);
        checkClass("predicted", prediction[i]);
      }
    }
    for (int i = 0; i < target.length; i++) {
      if (!(ignores && target[i] == ignored)) {
        counts[target[i] * classes + prediction[i]]++;
      }
    }
  }

  /**
   * Adds the counts of another matrix.
   *
   * @param other a matrix of as many classes
   * @throws IllegalArgumentException if the number of classes differs
   */
  public void add(ConfusionMatrix other) {
    if (other.classes != classes) {
      throw new IllegalArgumentException(
          "cannot add a matrix of " + other.classes + " classes to one of " + classes);
    }
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  /**
   * @return number of classes K
   */
  public int classes() {
    return classes;
  }

  /**
   * @return number of pixels counted so far
   */
  public long pixels() {
    return Arrays.stream(counts).sum();
  }

  /**
   * @return the counts {@code [K, K]}, row = target, column = prediction (a copy)
   */
  public long[][] counts() {
    long[][] rows = new long[classes][];
    for (int row = 0; row < classes; row++) {
      rows[row] = Arrays.copyOfRange(counts, row * classes, (row + 1) * classes);
    }
    return rows;
  }

  /**
   * @return the ratios of what was counted so far
   */
  public SegmentationScores scores() {
    try (INDArray matrix =
        Nd4j.createFromArray(counts).reshape(classes, classes).castTo(DataType.DOUBLE)) {
      INDArray hits = Nd4j.createFromArray(diagonal());
      INDArray target = matrix.sum(1);
      INDArray predicted = matrix.sum(0);
      INDArray union = target.add(predicted).subi(hits);
      double pixels = matrix.sumNumber().doubleValue();

      List<Double> iou = ratios(hits, union);
      List<Double> accuracy = ratios(hits, target);
      List<Double> iouOfTargets = new ArrayList<>();
      double weighted = 0;
      for (int c = 0; c < classes; c++) {
        double share = target.getDouble(c) / pixels;
        if (share > 0) {
          iouOfTargets.add(iou.get(c));
          weighted += share * iou.get(c);
        }
      }
      return new SegmentationScores(
          (long) pixels,
          iou,
          mean(iou),
          mean(iouOfTargets),
          accuracy,
          mean(accuracy),
          pixels == 0 ? null : hits.sumNumber().doubleValue() / pixels,
          pixels == 0 ? null : weighted);
    }
  }

  private double[] diagonal() {
    double[] diagonal = new double[classes];
    for (int c = 0; c < classes; c++) {
      diagonal[c] = counts[c * classes + c];
    }
    return diagonal;
  }

  /** Element-wise quotient; null where the denominator is 0. */
  private static List<Double> ratios(INDArray numerator, INDArray denominator) {
    double[] quotients = numerator.div(denominator).toDoubleVector();
    Double[] ratios = new Double[quotients.length];
    for (int i = 0; i < quotients.length; i++) {
      ratios[i] = denominator.getDouble(i) == 0 ? null : quotients[i];
    }
    return Collections.unmodifiableList(Arrays.asList(ratios));
  }

  /** Mean of the defined values; null when there is none. */
  private static Double mean(List<Double> values) {
    double sum = 0;
    int defined = 0;
    for (Double value : values) {
      if (value != null) {
        sum += value;
        defined++;
      }
    }
    return defined == 0 ? null : sum / defined;
  }

  private void checkClass(String role, int value) {
    if (value < 0 || value >= classes) {
      throw new IllegalArgumentException(
          role
              + " class "
              + value
              + " is not in 0 to "
              + (classes - 1)
              + ignoreIndex.stream()
                  .mapToObj(index -> " and is not the ignore index " + index)
                  .findFirst()
                  .orElse(""));
    }
  }
}
