package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Arithmetic;
import org.samclip.vitdet.BackbonePass;
import org.samclip.vitdet.ImageEncoder;
import org.samclip.vitdet.ViTDetConfig;

/** SAM's image encoder on a batch, without or with the gradients of all its parameters. */
final class EncoderWork implements Work {

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final boolean backward;
  private final boolean checkpoint;
  private final int side;
  private final int count;
  private final ImageEncoder encoder;
  private final float[] pixels;
  private final float[] upstream;

  EncoderWork(BenchSetting setting, boolean backward) {
    this.backward = backward;
    checkpoint = setting.checkpointActivations();
    ViTDetConfig config = setting.preset().encoder();
    side = setting.side();
    count = setting.images();
    encoder = new ImageEncoder(config);
    encoder.initialize(manager, BenchSetting.SEED);
    encoder.arrays().values().forEach(array -> array.setRequiresGradient(backward));
    pixels = SyntheticData.noise(count * 3 * side * side);
    int grid = side / config.patch();
    upstream = SyntheticData.noise(count * config.neck() * grid * grid);
  }

  @Override
  public void run() {
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager();
        Autograd mode = backward ? Autograd.enabled() : Autograd.disabled()) {
      scope.suppressNotUsedWarning();
      NDArray images = local.create(FloatBuffer.wrap(pixels), new Shape(count, 3, side, side));
      if (backward) {
        BackbonePass pass = BackbonePass.of(encoder, images, checkpoint);
        NDArray embedding = encoder.neck(pass.tokens());
        mode.backward(embedding, local.create(FloatBuffer.wrap(upstream), embedding.getShape()));
        pass.backward(mode);
      } else {
        encoder.forward(images);
      }
    }
  }

  @Override
  public double operations() {
    double forward = Arithmetic.encoder(encoder.config(), side);
    return count * (backward ? 3 * forward - Arithmetic.patches(encoder.config(), side) : forward);
  }

  @Override
  public int images() {
    return count;
  }

  @Override
  public void close() {
    manager.close();
  }
}
