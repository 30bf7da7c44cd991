package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.KeyMap;
import org.samclip.checkpoint.OpenClipNames;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.LibTorch;

/** Families are told apart, and a new one can take over what the others refuse. */
class ModelFamiliesTest {

  @TempDir Path folder;

  /** A family of which only the formats matter. */
  private record Other(String kind, List<WeightFormat> formats)
      implements ModelFamily<SamModel.Sizes, SamModel> {

    Other(String kind, String... signs) {
      this(kind, List.of(new WeightFormat(kind + "'s", List.of(signs), names -> new KeyMap())));
    }

    @Override
    public Class<SamModel.Sizes> sizesType() {
      return SamModel.Sizes.class;
    }

    @Override
    public Class<SamModel> modelType() {
      return SamModel.class;
    }

    @Override
    public Network<SamModel> build(SamModel.Sizes sizes) {
      throw new IllegalStateException("nothing is built to tell a format");
    }
  }

  private TensorSource file(String... names) {
    Path file = folder.resolve("weights.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      for (String name : names) {
        arrays.put(name, manager.zeros(new Shape(1)));
      }
      SafetensorsWriter.write(file, arrays, Map.of());
    }
    return Checkpoints.open(file);
  }

  private static void assertTold(UserError error, String... parts) {
    for (String part : parts) {
      assertTrue(error.getMessage().contains(part), error.getMessage());
    }
  }

  @Test
  void theClassPathHasFive() {
    assertEquals(
        Set.of("clip", "sam", "samclip", "siglip", "vit"), ModelFamilies.installed().kinds());
    assertEquals("sam", ModelFamilies.kinds(SamModel.class));
    assertEquals("clip or samclip or siglip", ModelFamilies.kinds(TextAlignedModel.class));
    assertEquals(Set.of("clip", "siglip"), ModelFamilies.installed().textSizes().keySet());
    assertEquals("sam or samclip", ModelFamilies.kinds(PromptableModel.class));
    assertEquals("samclip", ModelFamilies.kinds(TwoHeadedModel.class));
  }

  @Test
  void twoOfOneKindAreTold() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> new ModelFamilies(List.of(new SamFamily(), new Other("sam", "a"))));
    assertTold(error, "'sam'", SamFamily.class.getName(), Other.class.getName());
  }

  @Test
  void twoFormatsOfOneFileAreTold() {
    ModelFamilies families =
        new ModelFamilies(List.of(new Other("x", "a", "b"), new Other("y", "a", "c")));
    try (TensorSource both = file("a", "b", "c")) {
      assertTold(
          assertThrows(UserError.class, () -> families.match(both)),
          "x's",
          "y's",
          "weights.safetensors");
    }
    try (TensorSource one = file("a", "c")) {
      assertEquals("y", families.match(one).family().kind());
    }
  }

  @Test
  void moreSignsDecide() {
    Other finer = new Other("finer", OpenClipNames.SIGN, "extra");
    ModelFamilies families = new ModelFamilies(List.of(finer, new ClipFamily()));
    try (TensorSource plain = file(OpenClipNames.SIGN)) {
      assertSame(ClipFamily.OPEN_CLIP, families.match(plain).format());
    }
    try (TensorSource more = file(OpenClipNames.SIGN, "extra")) {
      assertEquals("finer", families.match(more).family().kind());
    }
  }

  @Test
  void aFamilyTakesOverWhatOthersRefuse() {
    String probe = "vision_model.head.probe";
    try (TensorSource file = file(probe, "logit_bias", "other")) {
      assertTold(
          assertThrows(
              UserError.class, () -> new ModelFamilies(List.of(new ClipFamily())).match(file)),
          "it is a SigLIP",
          "logit_bias");
      // Who knows of one sign only does not know the whole model.
      ModelFamilies half = new ModelFamilies(List.of(new ClipFamily(), new Other("half", probe)));
      assertTold(assertThrows(UserError.class, () -> half.match(file)), "logit_bias");
      ModelFamilies both =
          new ModelFamilies(List.of(new ClipFamily(), new Other("siglip", probe, "logit_bias")));
      assertEquals("siglip", both.match(file).family().kind());
    }
  }

  @Test
  void outputsHaveTheSizesThatAreKnownBefore() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      int side = 2 * RandomModels.SIDE;
      NDArray images = manager.randomUniform(-1, 1, new Shape(2, 3, side, side));
      for (VisionModel model :
          List.of(
              RandomModels.sam(manager),
              RandomModels.clip(manager),
              RandomModels.siglip(manager),
              RandomModels.merged(manager))) {
        assertEquals(RandomModels.SIDE, model.input().side());
        model
            .outputs()
            .forEach(
                (name, output) -> {
                  Shape row = output.row().apply(side);
                  assertEquals(output.width(), row.get(0));
                  Shape expected = new Shape(2).addAll(row);
                  assertEquals(expected, output.forward().apply(images).getShape(), name);
                });
      }
    }
  }
}
