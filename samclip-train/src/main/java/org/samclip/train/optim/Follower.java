package org.samclip.train.optim;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.Map;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;

/**
 * A second network that follows one that learns, {@code f += (1 - m) (p - f)}: the momentum teacher
 * of self-distillation. m rises from its first value to 1 by half a cosine (DINO, arXiv 2104.14294,
 * section 3.1; BYOL, arXiv 2006.07733).
 */
public final class Follower {

  private static final TorchScript SCRIPT = Kernels.script();

  private final PtNDArray[] followers;
  private final PtNDArray[] leaders;
  private final double momentum;
  private final long steps;

  /**
   * @param followers what follows, by name
   * @param leaders what learns, under the same names
   * @param momentum m at the first step, 0 to below 1
   * @param steps after which m is 1
   */
  public Follower(
      Map<String, NDArray> followers, Map<String, NDArray> leaders, double momentum, long steps) {
    if (!followers.keySet().equals(leaders.keySet())) {
      throw new IllegalArgumentException("a network of other parameters does not follow");
    }
    this.followers = followers.values().toArray(PtNDArray[]::new);
    this.leaders = followers.keySet().stream().map(leaders::get).toArray(PtNDArray[]::new);
    this.momentum = momentum;
    this.steps = steps;
  }

  /**
   * @param step from 0
   * @return m at that step
   */
  public double momentum(long step) {
    return 1 - (1 - momentum) * (1 + Math.cos(Math.PI * step / steps)) / 2;
  }

  /**
   * Follows an update.
   *
   * @param step whose update it was, from 0
   */
  public void follow(long step) {
    SCRIPT
        .run(
            "lerp",
            IValue.listFrom(followers),
            IValue.listFrom(leaders),
            IValue.from(1 - momentum(step)))
        .close();
  }
}
