package org.samclip.student;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Gelu;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;
import org.samclip.nn.Stack;

/**
 * RADIO's adaptor, second version: {@code [norm, GELU,] fc1}, residual blocks of {@code norm, GELU,
 * linear}, and {@code norm, GELU, linear} at the end.
 */
public final class MlpHead extends AdaptorHead {

  /** Name in configs and files. */
  public static final String KIND = "mlp";

  /** Torch's own. */
  private static final double EPS = 1e-5;

  private final MlpHeadConfig config;
  private final Stack preNorm;
  private final Linear fc1;
  private final List<Stack> inner = new ArrayList<>();
  private final Stack end;
  private final Linear last;

  MlpHead(MlpHeadConfig config, Backbone backbone) {
    super(config.output(), config.width(), backbone);
    this.config = config;
    int c = backbone.width();
    int hidden = config.hidden();
    preNorm = config.preNorm() ? child("pre_norm", new Stack()) : null;
    if (preNorm != null) {
      preNorm.add(new LayerNorm(c, EPS));
      preNorm.add(new Gelu());
    }
    fc1 = child("fc1", new Linear(c, hidden));
    Blocks blocks = child("blocks", new Blocks());
    for (int i = 0; i < config.inner(); i++) {
      Stack block = new Stack();
      normed(block, hidden, hidden);
      inner.add(blocks.add(i, block));
    }
    end = child("final", new Stack());
    last = normed(end, hidden, config.width());
  }

  private static Linear normed(Stack stack, int in, int out) {
    stack.add(new LayerNorm(in, EPS));
    stack.add(new Gelu());
    return stack.add(new Linear(in, out));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  protected NDArray rows(BackboneFeatures features) {
    NDArray x = read(features.last());
    x = fc1.forward(preNorm == null ? x : preNorm.forward(x));
    for (Layer block : inner) {
      x = x.add(block.forward(x));
    }
    return end.forward(x);
  }

  @Override
  protected List<Linear> lastLayers() {
    return List.of(last);
  }

  @Override
  public double operations(int side) {
    double rows = rowCount(side);
    double hidden = config.hidden();
    return Arithmetic.linear(rows, backbone().width(), hidden)
        + config.inner() * Arithmetic.linear(rows, hidden, hidden)
        + Arithmetic.linear(rows, hidden, config.width());
  }
}
