package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.samclip.kernel.Autograd;
import org.samclip.sam.Masks;

/**
 * A point for each prompt where student and teacher disagree most: positive where the teacher is
 * inside and the student is not, negative the other way round (EdgeSAM, prompts in the loop).
 * EdgeSAM draws a point of the error region; the surest disagreement needs no random number.
 *
 * @param xy [B, P, 1, 2], pixels of the padded image
 * @param labels [B, P, 1], int64: 1 inside, 0 outside; -1, no point, where both agree everywhere
 */
record Disagreement(NDArray xy, NDArray labels) {

  /**
   * @param student [B, P, M, h, w]; its single mask counts
   * @param teacher the same
   * @param cell side of a cell of the masks in pixels of the image
   * @return the points
   */
  static Disagreement of(Masks student, Masks teacher, double cell) {
    try (Autograd off = Autograd.disabled()) {
      NDArray own = student.single().logits().stopGradient().squeeze(2);
      NDArray truth = teacher.single().logits().squeeze(2);
      Shape s = own.getShape();
      NDManager manager = own.getManager();
      NDArray differ = own.gt(0).neq(truth.gt(0));
      NDArray gap = own.sub(truth).abs().mul(differ.toType(DataType.FLOAT32, false));
      NDArray flat = gap.reshape(s.get(0), s.get(1), s.get(2) * s.get(3));
      long[] at = flat.argMax(2).toLongArray();
      float[] largest = flat.max(new int[] {2}).toFloatArray();
      boolean[] inside =
          truth.gt(0).reshape(s.get(0) * s.get(1), s.get(2) * s.get(3)).toBooleanArray();
      int prompts = at.length;
      int columns = Math.toIntExact(s.get(3));
      int cells = Math.toIntExact(s.get(2) * columns);
      float[] xy = new float[prompts * 2];
      long[] labels = new long[prompts];
      for (int i = 0; i < prompts; i++) {
        int cellAt = (int) at[i];
        int row = cellAt / columns;
        xy[2 * i] = (float) ((cellAt - row * columns + .5) * cell);
        xy[2 * i + 1] = (float) ((row + .5) * cell);
        labels[i] = largest[i] == 0 ? -1 : inside[i * cells + cellAt] ? 1 : 0;
      }
      Shape points = new Shape(s.get(0), s.get(1), 1);
      return new Disagreement(manager.create(xy, points.add(2)), manager.create(labels, points));
    }
  }
}
