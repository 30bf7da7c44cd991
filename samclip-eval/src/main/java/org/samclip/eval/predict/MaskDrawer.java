package org.samclip.eval.predict;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;

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
    NDManager manager = embedding.getManager();
    Masks masks;
    if (prompt instanceof MaskPrompt.Points points) {
      Masks all = model.masks(embedding, prompts(manager, frame, points.points()));
      masks = points.points().size() == 1 ? all.multi() : all.single();
    } else {
      MaskPrompt.Box box = (MaskPrompt.Box) prompt;
      float[] corners = floats(frame.toInput(box.x0(), box.y0(), box.x1(), box.y1()));
      masks =
          model
              .masks(embedding, Prompts.boxes(manager.create(corners, new Shape(1, 1, 4))))
              .single();
    }
    int best = (int) masks.iou().flatten().argMax().getLong();
    NDArray logits = masks.logits().get(":, 0, {}:{}", best, best + 1);
    int height = frame.originalHeight();
    int width = frame.originalWidth();
    byte[] mask =
        Sam.postprocess(logits, side, frame.height(), frame.width(), height, width)
            .gt(0)
            .toType(DataType.INT8, false)
            .toByteArray();
    return new DrawnMask(
        prompt,
        new LabelMap(width, height, mask),
        masks.iou().getFloat(0, 0, best),
        logits.toFloatArray(),
        (int) logits.getShape().get(2),
        (int) logits.getShape().get(3));
  }

  private static Prompts prompts(
      NDManager manager, SamPreprocess.Frame frame, List<MaskPrompt.Point> points) {
    double[] xy = new double[2 * points.size()];
    long[] labels = new long[points.size()];
    for (int i = 0; i < labels.length; i++) {
      xy[2 * i] = points.get(i).x();
      xy[2 * i + 1] = points.get(i).y();
      labels[i] = points.get(i).foreground() ? 1 : 0;
    }
    return Prompts.points(
        manager.create(floats(frame.toInput(xy)), new Shape(1, 1, labels.length, 2)),
        manager.create(labels, new Shape(1, 1, labels.length)));
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
