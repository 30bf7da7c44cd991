package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;

/**
 * An image that a model has encoded, to be asked for masks: the way from prompts in pixels of the
 * image to masks of the image's size.
 *
 * @param model that encoded it
 * @param side S, side of the square input in pixels
 * @param frame where the image lies in the input
 * @param embedding {@code [1, C, h, w]}; what is drawn belongs to its manager
 */
public record EncodedImage(
    PromptedMaskModel model, int side, SamPreprocess.Frame frame, NDArray embedding) {

  /**
   * A mask that was chosen.
   *
   * @param logits {@code [1, 1, 4 h, 4 w]} in the frame of the input; above 0 is inside
   * @param predictedIou the model's own opinion
   */
  public record Chosen(NDArray logits, float predictedIou) {}

  /**
   * @param corners of P boxes, {@code x0, y0, x1, y1} each in pixels of the image
   * @return P prompts
   */
  public Prompts boxes(List<double[]> corners) {
    return Prompts.boxes(manager().create(toInput(corners), new Shape(1, corners.size(), 4)));
  }

  /**
   * @param points of P prompts with as many points each, {@code x, y, x, y ...} in pixels of the
   *     image
   * @param labels of each prompt's points: 1 on the object, 0 beside it
   * @return P prompts
   */
  public Prompts points(List<double[]> points, List<long[]> labels) {
    int each = labels.get(0).length;
    long[] flat = labels.stream().flatMapToLong(Arrays::stream).toArray();
    return Prompts.points(
        manager().create(toInput(points), new Shape(1, points.size(), each, 2)),
        manager().create(flat, new Shape(1, points.size(), each)));
  }

  /**
   * Points that are prompts of their own.
   *
   * @param xy {@code x, y} each, in pixels of the input
   * @return a prompt for each
   */
  public Prompts pointsOfInput(float[] xy) {
    int count = xy.length / 2;
    return Prompts.points(
        manager().create(xy, new Shape(1, count, 1, 2)),
        manager().ones(new Shape(1, count, 1), DataType.INT64));
  }

  private float[] toInput(List<double[]> coordinates) {
    int width = coordinates.get(0).length;
    float[] flat = new float[coordinates.size() * width];
    for (int p = 0; p < coordinates.size(); p++) {
      double[] moved = frame.toInput(coordinates.get(p));
      for (int i = 0; i < width; i++) {
        flat[p * width + i] = (float) moved[i];
      }
    }
    return flat;
  }

  /**
   * @param prompts P prompts
   * @return all masks of each, {@code [1, P, 1 + 3, 4 h, 4 w]}
   */
  public Masks decode(Prompts prompts) {
    return model.masks(embedding, prompts);
  }

  /**
   * @param masks {@code [1, P, M, 4 h, 4 w]}
   * @return of each prompt the mask of the highest predicted IoU, the first of equals
   */
  public static List<Chosen> best(Masks masks) {
    float[] iou = masks.iou().toFloatArray();
    int count = (int) masks.iou().getShape().get(1);
    int each = iou.length / count;
    List<Chosen> chosen = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      int best = 0;
      for (int m = 1; m < each; m++) {
        if (iou[p * each + m] > iou[p * each + best]) {
          best = m;
        }
      }
      chosen.add(
          new Chosen(masks.logits().get(":, {}, {}:{}", p, best, best + 1), iou[p * each + best]));
    }
    return chosen;
  }

  /**
   * @param logits {@code [1, M, 4 h, 4 w]} in the frame of the input
   * @param height rows of the image
   * @param width columns of the image
   * @return {@code [1, M, height, width]} without the padding
   */
  public NDArray atSize(NDArray logits, int height, int width) {
    return Sam.postprocess(logits, side, frame.height(), frame.width(), height, width);
  }

  /**
   * @param logits any shape
   * @return 1 where they are above 0, in row-major order
   */
  public static byte[] inside(NDArray logits) {
    return logits.gt(0).toType(DataType.INT8, false).toByteArray();
  }

  private NDManager manager() {
    return embedding.getManager();
  }
}
