package org.samclip.student;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.samclip.nn.Module;

/** A level of names, {@code blocks.INDEX}, above parts that are not run in a row. */
final class Blocks extends Module {

  <M extends Module> M add(int index, M part) {
    return child(Integer.toString(index), part);
  }

  @Override
  protected NDList forward(NDList inputs) {
    throw new IllegalStateException("its parts are run one by one");
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    throw new IllegalStateException("its parts are run one by one");
  }
}
