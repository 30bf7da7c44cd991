package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.samclip.nn.Module;
import org.samclip.sam.SamHeadConfig;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;
import org.samclip.student.StudentConfig;
import org.samclip.vitdet.ViTDetConfig;

/** The smallest sizes that still have windows, padding, global layers and several heads. */
final class SmallModel {

  static final ViTDetConfig ENCODER = new ViTDetConfig(4, 4, 16, 2, 2, 2, 3, List.of(1), 8);
  static final SamHeadConfig SAM_HEAD = new SamHeadConfig(8, 2, 2, 16, 4, 3, 3, 8);

  private SmallModel() {}

  static StudentConfig config(Pool pool) {
    return SamClipPair.config(ENCODER, SAM_HEAD, new ClipHeadConfig(2, pool, 6, 1));
  }

  static SamClipPair load(NDManager manager, Pool pool) {
    SamClipPair model = SamClipPair.of(config(pool));
    model.initialize(manager, 3);
    stir(model.student());
    return model;
  }

  /** Moves every value off its start, so that no bias, norm or table is neutral. */
  static void stir(Module module) {
    SplittableRandom random = new SplittableRandom(5);
    module.arrays().values().forEach(array -> array.addi(noise(random, array, .3)));
  }

  private static NDArray noise(SplittableRandom random, NDArray like, double scale) {
    float[] values = new float[(int) like.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (scale * (2 * random.nextDouble() - 1));
    }
    return like.getManager().create(values, like.getShape());
  }

  static NDArray random(NDManager manager, long seed, long... shape) {
    SplittableRandom random = new SplittableRandom(seed);
    return noise(random, manager.zeros(new Shape(shape)), 2);
  }
}
