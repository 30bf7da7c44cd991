package org.samclip.sam;

import ai.djl.ndarray.NDArray;

/**
 * Prompts of a batch of images: P prompts an image, each of K points and perhaps a box and a mask.
 * What is absent is null.
 *
 * @param points [B, P, K, 2], x and y in pixels of the padded square image
 * @param labels [B, P, K], int64: 1 foreground, 0 background, -1 padding, 2 and 3 a box's corners
 * @param boxes [B, P, 4], x0, y0, x1, y1 in pixels
 * @param masks [B, P, 1, 4 h, 4 w], mask logits, where h x w is the token grid
 */
public record Prompts(NDArray points, NDArray labels, NDArray boxes, NDArray masks) {

  public Prompts {
    if ((points == null) != (labels == null)) {
      throw new IllegalArgumentException("points and labels come together");
    }
    if (points == null && boxes == null && masks == null) {
      throw new IllegalArgumentException(
          "a prompt is points, boxes or masks; see SamHead.unprompted");
    }
  }

  /**
   * @param points [B, P, K, 2]
   * @param labels [B, P, K]
   * @return prompts of points alone
   */
  public static Prompts points(NDArray points, NDArray labels) {
    return new Prompts(points, labels, null, null);
  }

  /**
   * @param boxes [B, P, 4]
   * @return prompts of boxes alone
   */
  public static Prompts boxes(NDArray boxes) {
    return new Prompts(null, null, boxes, null);
  }

  /**
   * @return P, prompts an image
   */
  public long count() {
    NDArray any = points != null ? points : boxes != null ? boxes : masks;
    return any.getShape().get(1);
  }

  /** What labels 2 and 3 mean; the reference's two forms differ. */
  public enum CornerLabels {
    /** The torch class: labels 2 and 3 keep the bare position. */
    IGNORED,
    /** The ONNX export: the embeddings of a box's corners, so that a box is two points. */
    EMBEDDED
  }
}
