package org.samclip.student;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Linear;

/** {@code fc}: one linear layer on the last tokens. */
public final class LinearHead extends AdaptorHead {

  /** Name in configs and files. */
  public static final String KIND = "linear";

  private final LinearHeadConfig config;
  private final Linear fc;

  LinearHead(LinearHeadConfig config, Backbone backbone) {
    super(config.output(), config.width(), backbone);
    this.config = config;
    fc = child("fc", new Linear(backbone.width(), config.width()));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  protected NDArray rows(BackboneFeatures features) {
    return fc.forward(read(features.last()));
  }

  @Override
  protected List<Linear> lastLayers() {
    return List.of(fc);
  }

  @Override
  public double operations(int side) {
    return Arithmetic.linear(rowCount(side), backbone().width(), config.width());
  }
}
