package org.samclip.student;

import ai.djl.ndarray.NDArray;
import org.samclip.kernel.Autograd;

/** A head in a training step. */
public interface HeadPass {

  /**
   * @param name one of {@link Head#outputs()}
   * @return the output; asking twice computes it twice
   * @throws IllegalArgumentException if the head has no such output
   */
  NDArray output(String name);

  /**
   * Brings what the backward pass of the outputs left inside the head to the features: what
   * autograd did not record. To be called once, after the backward passes of the losses.
   *
   * @param on recording of gradients
   */
  void backward(Autograd on);
}
