package org.samclip.eval.neighbour;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.samclip.eval.InvalidOption;

/**
 * Classification by the k nearest of known images: cosine of the features, each neighbour votes for
 * its class with {@code exp(cosine / temperature)} (Wu et al. 2018, section 3.4; RADIO,
 * examples/knn_classification.py; DINOv2, eval/knn.py, whose softmax over the neighbours gives the
 * same order).
 *
 * @param features {@code [N, D]} float32 of the known images, each row of L2 norm 1
 * @param labels {@code [N]} their classes
 * @param classes number of classes
 * @param k neighbours that vote; all, where there are fewer images
 * @param temperature above 0
 */
public record NearestNeighbours(
    NDArray features, int[] labels, int classes, int k, double temperature) {

  /** Checks the numbers. */
  public NearestNeighbours {
    InvalidOption.check(k >= 1, "k", k, "1 or more");
    InvalidOption.check(temperature > 0, "temperature", temperature, "above 0");
    if (features.getShape().get(0) != labels.length || labels.length == 0) {
      throw new IllegalArgumentException(
          features.getShape() + " features for " + labels.length + " labels");
    }
  }

  /**
   * The votes for each class, in proportion: each image's nearest neighbour votes with 1, so that
   * no temperature is too low for a number.
   *
   * @param queries {@code [B, D]}, each row of L2 norm 1
   * @return {@code [B, K]}
   */
  public double[][] votes(NDArray queries) {
    int voters = Math.min(k, labels.length);
    NDList nearest = queries.matMul(features.transpose()).topK(voters, 1, true, true);
    float[] cosines = nearest.get(0).toFloatArray();
    long[] images = nearest.get(1).toLongArray();
    nearest.close();
    double[][] votes = new double[cosines.length / voters][classes];
    for (int i = 0; i < cosines.length; i++) {
      double first = cosines[i / voters * voters];
      votes[i / voters][labels[(int) images[i]]] += Math.exp((cosines[i] - first) / temperature);
    }
    return votes;
  }

  /**
   * @param votes {@code [K]} of an image
   * @param label a class
   * @return how many classes have more votes, or as many and a lower number
   */
  public static int rank(double[] votes, int label) {
    int rank = 0;
    for (int c = 0; c < votes.length; c++) {
      if (votes[c] > votes[label] || votes[c] == votes[label] && c < label) {
        rank++;
      }
    }
    return rank;
  }
}
