package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.Linear;
import org.samclip.train.loss.ViewLosses;

/**
 * DINO's head: an MLP of three layers, then cosines to K prototypes (arXiv 2104.14294, appendix C).
 * Its hidden layers have batch norm, DINO's {@code use_bn_in_head}: at the start a class token is
 * nearly the same for all images, and what little tells them apart would take long to grow. Only
 * training needs the head, so the batch's own statistics do.
 */
public final class PrototypeHead extends Layer {

  private static final int HIDDEN_LAYERS = 2;

  private final List<Linear> hidden = new ArrayList<>();
  private final Linear last;
  private final Parameter prototypes;
  private final int count;

  /**
   * @param in C, width of the features
   * @param width between the layers
   * @param bottleneck D, width before the prototypes
   * @param count K, number of prototypes
   */
  public PrototypeHead(int in, int width, int bottleneck, int count) {
    this.count = count;
    for (int i = 0; i < HIDDEN_LAYERS; i++) {
      hidden.add(child("fc" + (i + 1), new Linear(i == 0 ? in : width, width)));
    }
    last = child("fc" + (HIDDEN_LAYERS + 1), new Linear(width, bottleneck));
    prototypes = parameter("prototypes", Init.normal(1), count, bottleneck);
  }

  /**
   * @param x [N, C], N at least 2
   * @return what the prototypes are compared with, [N, D]
   */
  public NDArray embed(NDArray x) {
    NDArray y = x;
    for (Linear layer : hidden) {
      y = Kernels.gelu(ViewLosses.batchNorm(layer.forward(y)));
    }
    return last.forward(y);
  }

  /**
   * @param embedded [N, D]
   * @return cosines, [N, K]
   */
  public NDArray logits(NDArray embedded) {
    return ViewLosses.prototypeLogits(embedded, prototypes.getArray());
  }

  /**
   * @param x [N, C], N at least 2
   * @return cosines, [N, K]
   */
  @Override
  public NDArray forward(NDArray x) {
    return logits(embed(x));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    return new Shape[] {x.slice(0, x.dimension() - 1).add(count)};
  }
}
