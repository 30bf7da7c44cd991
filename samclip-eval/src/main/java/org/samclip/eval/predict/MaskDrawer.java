package org.samclip.eval.predict;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.segment.EncodedImage;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.sam.Masks;

/**
 * One mask for every prompt. A single point may mean a thing or its part, so of the three masks
 * that of the highest predicted IoU is taken; a box, or several points, are clear and get the
 * single mask, as the authors of segment-anything advise.
 *
 * @param model the model that draws
 * @param side S, side of the square input in pixels
 */
public record MaskDrawer(PromptedMaskModel model, int side) {

  /**
   * Draws masks.
   *
   * @param embedding {@code [1, C, h, w]}, the model's encoding of the image
   * @param frame where the image lies in the input
   * @param prompts in pixels of the image
   * @return as many masks, in the same order
   */
  public List<DrawnMask> draw(
      NDArray embedding, SamPreprocess.Frame frame, List<MaskPrompt> prompts) {
    List<DrawnMask> drawn = new ArrayList<>();
    for (MaskPrompt prompt : prompts) {
      prompt.requireInside(frame.originalWidth(), frame.originalHeight());
      try (NDManager step = embedding.getManager().newSubManager()) {
        NDArray own = embedding.duplicate();
        own.attach(step);
        drawn.add(draw(own, frame, prompt));
      }
    }
    return drawn;
  }

  private DrawnMask draw(NDArray embedding, SamPreprocess.Frame frame, MaskPrompt prompt) {
    EncodedImage image = new EncodedImage(model, side, frame, embedding);
    EncodedImage.Chosen chosen = EncodedImage.best(masks(image, prompt)).get(0);
    int height = frame.originalHeight();
    int width = frame.originalWidth();
    NDArray logits = chosen.logits();
    return new DrawnMask(
        prompt,
        new LabelMap(width, height, EncodedImage.inside(image.atSize(logits, height, width))),
        chosen.predictedIou(),
        logits.toFloatArray(),
        (int) logits.getShape().get(2),
        (int) logits.getShape().get(3));
  }

  /** Those that count for the kind of prompt, {@code [1, 1, M, 4 h, 4 w]}. */
  private static Masks masks(EncodedImage image, MaskPrompt prompt) {
    if (prompt instanceof MaskPrompt.Box box) {
      double[] corners = {box.x0(), box.y0(), box.x1(), box.y1()};
      return image.decode(image.boxes(List.of(corners))).single();
    }
    List<MaskPrompt.Point> points = ((MaskPrompt.Points) prompt).points();
    double[] xy = new double[2 * points.size()];
    long[] labels = new long[points.size()];
    for (int i = 0; i < labels.length; i++) {
      xy[2 * i] = points.get(i).x();
      xy[2 * i + 1] = points.get(i).y();
      labels[i] = points.get(i).foreground() ? 1 : 0;
    }
    Masks all = image.decode(image.points(List.of(xy), List.of(labels)));
    return labels.length == 1 ? all.multi() : all.single();
  }
}
