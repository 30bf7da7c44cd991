package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.model.VitModel;
import org.samclip.nn.Module;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitConfig.Summary;
import org.samclip.vitdet.ViTDetConfig;

/** Small students for tests. */
final class Students {

  /** Windowed blocks with padding, and global ones. */
  static final BackboneConfig VIT_DET =
      new VitDetBackboneConfig(new ViTDetConfig(4, 6, 16, 4, 2, 2, 4, List.of(1, 3), 8));

  static final SamHeadConfig MASKS = new SamHeadConfig(8, 2, 1, 16, 4, 3, 2, 8);

  private Students() {}

  /** Positions that are learned, a class token, two registers. */
  static BackboneConfig learned() {
    return vit(true, 2, new Positions.Learned(3, true, Resize.BICUBIC), Summary.CLASS);
  }

  /** Positions that turn queries and keys, a class token, one register. */
  static BackboneConfig rotary() {
    return vit(true, 1, new Positions.Rotary(100), Summary.CLASS);
  }

  /** Patches and nothing else. */
  static BackboneConfig bare() {
    return vit(false, 0, new Positions.Learned(4, false, Resize.BICUBIC), Summary.MEAN);
  }

  private static BackboneConfig vit(
      boolean classToken, int registers, Positions positions, Summary summary) {
    BlockConfig block = new BlockConfig(16, 2, 24, VitMlp.GELU, BlockConfig.Bias.ALL, true, 1e-6);
    VitConfig config = new VitConfig(4, 4, block, classToken, registers, positions, summary);
    return new VitBackboneConfig(
        new VitModel.Sizes(config, 16, List.of(.5, .4, .3), List.of(.2, .3, .4)));
  }

  /** A head of each kind that stands on any backbone, on last and inner blocks. */
  static Map<String, HeadConfig> adaptors() {
    Map<String, HeadConfig> heads = new LinkedHashMap<>();
    heads.put("patches", new LinearHeadConfig(Readout.SPATIAL, 5));
    heads.put("image", new LinearHeadConfig(Readout.SUMMARY, 6));
    heads.put("mlp-s", new MlpHeadConfig(Readout.SPATIAL, 5, 12, 2, false));
    heads.put("mlp-i", new MlpHeadConfig(Readout.SUMMARY, 7, 12, 1, true));
    heads.put("blocks-s", new BlocksHeadConfig(Readout.SPATIAL, 5, 2, 4, 20));
    heads.put("blocks-i", new BlocksHeadConfig(Readout.SUMMARY, 4, 1, 2, 20));
    heads.put("ladder-s", new LadderHeadConfig(Readout.SPATIAL, 5, List.of(0, 2, 3), 9, 11));
    heads.put("ladder-i", new LadderHeadConfig(Readout.SUMMARY, 3, List.of(1, 2), 9, 11));
    heads.put("masks", new MaskDecoderConfig(MASKS));
    return heads;
  }

  static Student student(BackboneConfig backbone, NDManager manager) {
    Map<String, HeadConfig> heads = adaptors();
    if (backbone instanceof VitDetBackboneConfig) {
      heads.put(SamClipPair.CLIP_HEAD, new ClipHeadConfig(1, ClipHeadConfig.Pool.MEAN, 6, 3));
    }
    Student student = new Student(new StudentConfig(backbone, heads));
    student.initialize(manager, 4);
    stir(student);
    return student;
  }

  /** Moves every value off its start, so that no bias, scale, norm or table is neutral. */
  static void stir(Module module) {
    SplittableRandom random = new SplittableRandom(5);
    module
        .arrays()
        .values()
        .forEach(array -> array.addi(noise(random, array.getManager(), array.getShape(), .3)));
  }

  static NDArray noise(long seed, NDManager manager, Shape shape) {
    return noise(new SplittableRandom(seed), manager, shape, 1);
  }

  private static NDArray noise(
      SplittableRandom random, NDManager manager, Shape shape, double scale) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return manager.create(values, shape);
  }
}
