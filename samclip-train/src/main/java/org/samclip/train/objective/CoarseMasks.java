package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.Resize;

/**
 * Mask prompts for training: the true mask as a noisy score for each token, in logits. That is what
 * the decoder gets when the CLIP head's score map becomes a mask prompt.
 */
final class CoarseMasks {

  /** Side of a token in the pixels of a mask prompt. */
  private static final int CELL = 4;

  private static final float SUREST = .98f;
  private static final double NOISE = 2;

  private CoarseMasks() {}

  /**
   * @param target [B, P, h, w], share of each pixel of the mask prompt that is inside
   * @param seed of the noise
   * @return [B, P, 1, h, w], logits
   */
  static NDArray of(NDArray target, long seed) {
    Shape s = target.getShape();
    long n = s.get(0) * s.get(1);
    long h = s.get(2) / CELL;
    long w = s.get(3) / CELL;
    NDManager manager = target.getManager();
    NDArray share = target.reshape(n, h, CELL, w, CELL).sum(new int[] {2, 4}).div(CELL * CELL);
    NDArray inside = share.clip(1 - SUREST, SUREST);
    NDArray logits = inside.div(inside.mul(-1).add(1)).log();
    NDArray noisy = logits.add(noise(manager, new Shape(n, h, w), seed)).reshape(n, 1, h, w);
    NDArray smooth = Kernels.resize(noisy, s.get(2), s.get(3), Resize.BILINEAR);
    return smooth.reshape(s.get(0), s.get(1), 1, s.get(2), s.get(3));
  }

  private static NDArray noise(NDManager manager, Shape shape, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (NOISE * random.nextGaussian());
    }
    return manager.create(values, shape);
  }
}
