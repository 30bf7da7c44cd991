package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.train.optim.AdamW;
import org.samclip.vitdet.ImageEncoder;

/** AdamW over all parameters of the encoder: 90 million in ViT-B. */
final class OptimizerWork implements Work {

  /** Read: parameter, gradient, two moments; written: parameter, two moments. */
  private static final int PASSES = 7;

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final long parameters;
  private final AdamW optimizer;

  OptimizerWork(BenchSetting setting) {
    ImageEncoder encoder = new ImageEncoder(setting.preset().encoder());
    encoder.initialize(manager, BenchSetting.SEED);
    parameters = encoder.parameterCount();
    optimizer = ParameterGroups.optimizer(encoder, name -> true, manager);
    for (NDArray parameter : encoder.arrays().values()) {
      try (NDScope scope = new NDScope();
          Autograd on = Autograd.enabled()) {
        scope.suppressNotUsedWarning();
        on.backward(parameter.square().sum()); // any gradient will do
      }
    }
  }

  @Override
  public void run() {
    optimizer.step(1);
  }

  @Override
  public double bytes() {
    return (double) PASSES * Float.BYTES * parameters;
  }

  @Override
  public void close() {
    optimizer.close();
    manager.close();
  }
}
