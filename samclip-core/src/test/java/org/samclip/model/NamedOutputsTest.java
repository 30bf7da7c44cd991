package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.kernel.LibTorch;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;

/** Several outputs of one pass. */
class NamedOutputsTest {

  @Test
  void samGivesItsTokensBeforeAndBehindTheNeck() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SamModel model = RandomModels.sam(manager);
      NDArray images = manager.randomNormal(new Shape(2, 3, 32, 24));
      Map<String, NDArray> outputs =
          model.forward(images, Set.of(SamModel.TOKENS, VisionModel.SPATIAL));
      NDArray tokens = outputs.get(SamModel.TOKENS);
      assertEquals(new Shape(2, 32, 4, 3), tokens.getShape());
      same(model.sam().imageEncoder().tokens(images), tokens.transpose(0, 2, 3, 1));
      same(model.encodeImages(images), outputs.get(VisionModel.SPATIAL));
      same(tokens, model.outputs().get(SamModel.TOKENS).forward().apply(images));
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> model.forward(images, Set.of("summary")));
      assertTrue(e.getMessage().contains("spatial, tokens"), e.getMessage());
    }
  }

  @Test
  void aPlainVitGivesBothOfOnePass() {
    VitConfig config =
        new VitConfig(
            4,
            1,
            new BlockConfig(8, 2, 12, VitMlp.GELU, BlockConfig.Bias.ALL, false, 1e-6),
            true,
            0,
            new Positions.Learned(2, true, Resize.BICUBIC),
            VitConfig.Summary.CLASS);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      VitEncoder encoder = new VitEncoder(config);
      encoder.initialize(manager, 1);
      VitModel model =
          new VitModel(
              encoder,
              new VitModel.Sizes(config, 8, List.of(0., 0., 0.), List.of(1., 1., 1.)),
              Optional.empty());
      NDArray images = manager.randomNormal(new Shape(2, 3, 8, 8));
      Map<String, NDArray> outputs =
          model.forward(images, Set.of(VisionModel.SUMMARY, VisionModel.SPATIAL));
      assertEquals(2, outputs.size());
      outputs.forEach(
          (name, output) -> same(model.outputs().get(name).forward().apply(images), output));
    }
  }

  private static void same(NDArray expected, NDArray got) {
    assertEquals(expected.getShape(), got.getShape());
    assertArrayEquals(expected.toFloatArray(), got.toFloatArray(), 1e-6f);
  }
}
