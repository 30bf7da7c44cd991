package org.samclip.eval.metric;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Intersection over union of binary masks, and its mean over instances. A mask is an array of
 * bytes, non-zero inside.
 */
public final class MaskIou {

  private double[] values = new double[64];
  private int count;

  /**
   * Adds one instance.
   *
   * @param prediction predicted mask, any order of pixels
   * @param target true mask in the same order
   * @return the instance's IoU
   */
  public double add(byte[] prediction, byte[] target) {
    double iou = of(prediction, target);
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = iou;
    return iou;
  }

  /**
   * @return number of instances added
   */
  public long count() {
    return count;
  }

  /**
   * @return mean IoU over the instances, 0 to 1; NaN before the first
   */
  public double mean() {
    return count == 0
        ? Double.NaN
        : Nd4j.createFromArray(Arrays.copyOf(values, count)).meanNumber().doubleValue();
  }

  /**
   * @param threshold an IoU, 0 to 1
   * @return share of the instances whose IoU is at least the threshold; NaN before the first
   */
  public double shareAtLeast(double threshold) {
    return count == 0
        ? Double.NaN
        : Nd4j.createFromArray(Arrays.copyOf(values, count))
            .gte(threshold)
            .castTo(DataType.DOUBLE)
            .meanNumber()
            .doubleValue();
  }

  /**
   * The IoU of two masks; two empty masks agree and give 1.
   *
   * @param a a mask
   * @param b a mask of the same size and order of pixels
   * @return pixels in both / pixels in one of them, 0 to 1
   * @throws IllegalArgumentException if the sizes differ
   */
  public static double of(byte[] a, byte[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "masks of " + a.length + " and " + b.length + " pixels; they must have the same size");
    }
    long both = 0;
    long either = 0;
    for (int i = 0; i < a.length; i++) {
      if (a[i] != 0 && b[i] != 0) {
        both++;
      }
      if (a[i] != 0 || b[i] != 0) {
        either++;
      }
    }
    return either == 0 ? 1 : (double) both / either;
  }
}
