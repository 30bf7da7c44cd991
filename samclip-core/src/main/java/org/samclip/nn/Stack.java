package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/**
 * Layers in a row, named by their index, as in torch's {@code Sequential} and {@code ModuleList}.
 */
public final class Stack extends Layer {

  /**
   * @param layer the next layer, under the next index
   * @param <L> its type
   * @return the layer
   */
  public <L extends Layer> L add(L layer) {
    return add(getChildren().size(), layer);
  }

  /**
   * @param index its name; torch counts activations, which have no parameters, as well
   * @param layer the layer
   * @param <L> its type
   * @return the layer
   */
  public <L extends Layer> L add(int index, L layer) {
    return child(Integer.toString(index), layer);
  }

  @Override
  public NDArray forward(NDArray x) {
    NDArray y = x;
    for (ai.djl.nn.Block block : getChildren().values()) {
      y = ((Layer) block).forward(y);
    }
    return y;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape[] shapes = inputShapes;
    for (ai.djl.nn.Block block : getChildren().values()) {
      shapes = block.getOutputShapes(shapes);
    }
    return shapes;
  }
}
