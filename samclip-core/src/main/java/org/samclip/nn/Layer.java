package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/** A module from one array to one array. */
public abstract class Layer extends Module {

  /**
   * @param x the input; its shape is given by the subclass
   * @return the output
   */
  public abstract NDArray forward(NDArray x);

  @Override
  protected final NDList forward(NDList inputs) {
    return new NDList(forward(inputs.singletonOrThrow()));
  }
}
