package org.samclip.eval;

import org.samclip.data.transform.LabelMap;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.ConfusionMatrix;
import org.samclip.eval.metric.SegmentationScores;

/** Counts predicted label maps against true ones: of the whole set, and of each image. */
public final class DenseCounts {

  private final DenseTask task;
  private final ConfusionMatrix matrix;
  private final ClassScores.Builder perImage;

  /**
   * @param task the classes, and which pixels count
   */
  public DenseCounts(DenseTask task) {
    this.task = task;
    this.matrix = new ConfusionMatrix(task.classes().size(), DenseTask.NOT_COUNTED);
    this.perImage = new ClassScores.Builder(task.classes().size(), DenseTask.NOT_COUNTED);
  }

  /**
   * Counts one image.
   *
   * @param key what messages call the image
   * @param target its label map
   * @param prediction labels in the same order
   * @throws org.samclip.UserError if the map has a label that is neither a class nor the ignore
   *     index
   */
  public void add(String key, LabelMap target, int[] prediction) {
    int[] labels = task.target(key, target);
    matrix.add(labels, prediction);
    perImage.add(key, labels, prediction);
  }

  /**
   * @return number of pixels that counted
   */
  public long pixels() {
    return matrix.pixels();
  }

  /**
   * @return the ratios of the whole set
   */
  public SegmentationScores scores() {
    return matrix.scores();
  }

  /**
   * @return the mean IoU, kept per image
   */
  public ClassScores perImage() {
    return perImage.build();
  }
}
