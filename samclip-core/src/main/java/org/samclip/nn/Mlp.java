package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.samclip.kernel.Kernels;

/**
 * Linear layers with an activation between them, named {@code layers.0}, {@code layers.1} ... as in
 * segment-anything's mask_decoder.py {@code MLP}.
 */
public final class Mlp extends Layer {

  private final List<Linear> layers = new ArrayList<>();
  private final Activation activation;
  private final int out;

  /** What stands between the layers. */
  public enum Activation {
    /** As in SAM's head. */
    RELU(ai.djl.nn.Activation::relu),
    /** By the error function. */
    GELU(Kernels::gelu);

    private final UnaryOperator<NDArray> function;

    Activation(UnaryOperator<NDArray> function) {
      this.function = function;
    }
  }

  /**
   * @param in width of the input
   * @param hidden width between the layers
   * @param out width of the output
   * @param depth number of linear layers
   * @param activation between the layers, not after the last
   */
  public Mlp(int in, int hidden, int out, int depth, Activation activation) {
    this.activation = activation;
    this.out = out;
    Stack stack = child("layers", new Stack());
    for (int i = 0; i < depth; i++) {
      layers.add(stack.add(new Linear(i == 0 ? in : hidden, i == depth - 1 ? out : hidden)));
    }
  }

  /**
   * @return the last layer, whose result is the output
   */
  public Linear last() {
    return layers.get(layers.size() - 1);
  }

  @Override
  public NDArray forward(NDArray x) {
    NDArray y = x;
    for (int i = 0; i < layers.size(); i++) {
      y = layers.get(i).forward(y);
      if (i < layers.size() - 1) {
        y = activation.function.apply(y);
      }
    }
    return y;
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("gelu", activation == Activation.GELU);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    return new Shape[] {x.slice(0, x.dimension() - 1).add(out)};
  }
}
