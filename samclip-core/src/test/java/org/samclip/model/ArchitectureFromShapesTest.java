package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorInfo;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;

/**
 * Sizes of the published models from their tensors' shapes alone; what cannot be known is asked.
 */
class ArchitectureFromShapesTest {

  @TempDir Path folder;

  /** Names and shapes without values. */
  private static final class ShapesOnly implements TensorSource {
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    ShapesOnly(Module model) {
      for (Pair<String, Parameter> pair : model.getParameters()) {
        put(pair.getKey(), pair.getValue().getShape().getShape());
      }
    }

    void put(String name, long... shape) {
      infos.put(name, new TensorInfo(name, TensorType.F32, shape));
    }

    void removeAll(String part) {
      infos.keySet().removeIf(name -> name.contains(part));
    }

    @Override
    public Path path() {
      return Path.of("weights.pth");
    }

    @Override
    public Set<String> names() {
      return infos.keySet();
    }

    @Override
    public TensorInfo info(String name) {
      return infos.get(name);
    }

    @Override
    public Map<String, String> metadata() {
      return Map.of();
    }

    @Override
    public void readBytes(String name, long position, ByteBuffer target) {
      throw new IllegalStateException("sizes must not read values");
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @EnumSource(
      value = Preset.class,
      names = {"VIT_B", "VIT_L", "VIT_H"})
  void publishedSams(Preset preset) {
    ShapesOnly file = new ShapesOnly(new Sam(preset.encoder(), preset.samHead()));
    assertEquals(SamFamily.SEGMENT_ANYTHING, format(file));
    assertEquals(
        new SamModel.Sizes(preset.encoder(), preset.samHead()),
        SamSizes.of(file, OptionalInt.empty()));
  }

  private static WeightFormat format(TensorSource file) {
    return ModelFamilies.installed().match(file).format();
  }

  private static ShapesOnly sam() {
    return new ShapesOnly(new Sam(Preset.VIT_B.encoder(), Preset.VIT_B.samHead()));
  }

  private static void assertRefused(ShapesOnly file, String cause) {
    UserError error = assertThrows(UserError.class, () -> SamSizes.of(file, OptionalInt.empty()));
    assertTrue(error.getMessage().contains(cause), error.getMessage());
    assertTrue(error.getMessage().contains("weights.pth"), error.getMessage());
  }

  @Test
  void samsThatCannotBeRepresented() {
    ShapesOnly noBias = sam();
    noBias.removeAll("qkv.bias");
    assertRefused(noBias, "without a bias of qkv");
    ShapesOnly noRelativePositions = sam();
    noRelativePositions.removeAll("rel_pos");
    assertRefused(noRelativePositions, "without relative positions");
    ShapesOnly noPositions = sam();
    noPositions.removeAll("pos_embed");
    assertRefused(noPositions, "without absolute positions");
    ShapesOnly twoWindows = sam();
    twoWindows.put("image_encoder.blocks.3.attn.rel_pos_h", 15, 64);
    assertRefused(twoWindows, "block 3 have 15 rows");
    ShapesOnly half = sam();
    half.removeAll("mask_decoder");
    assertRefused(half, "perhaps the file holds only a part");
    Preset tiny = Preset.TINY;
    assertRefused(
        new ShapesOnly(new Sam(tiny.encoder(), tiny.samHead())),
        "mask_decoder_config.num_attention_heads");
  }

  /** open_clip's published configs: image side, patch, width, layers, heads, MLP; text; E. */
  @ParameterizedTest
  @CsvSource({
    "224, 32, 768, 12, 12, 4, 512, 8, 12, 512",
    "224, 16, 768, 12, 12, 4, 512, 8, 12, 512",
    "240, 16, 896, 12, 14, 4, 640, 10, 12, 640",
    "224, 14, 1024, 24, 16, 4, 768, 12, 12, 768",
    "336, 14, 1024, 24, 16, 4, 768, 12, 12, 768",
    "224, 14, 1280, 32, 16, 4, 1024, 16, 24, 1024",
    "378, 14, 1280, 32, 16, 4, 1024, 16, 24, 1024",
    "224, 14, 1408, 40, 16, 4.3637, 1024, 16, 24, 1024",
    "224, 14, 1664, 48, 16, 4.9231, 1280, 20, 32, 1280",
  })
  void publishedClips(
      int side,
      int patch,
      int width,
      int layers,
      int heads,
      double mlp,
      int textWidth,
      int textHeads,
      int textLayers,
      int embed) {
    ClipConfig expected =
        new ClipConfig(
            embed,
            false,
            new ClipConfig.Vision(side, patch, width, layers, heads, mlp),
            new ClipConfig.Text(77, 49408, textWidth, textHeads, textLayers, 4));
    ShapesOnly file = new ShapesOnly(new Clip(expected));
    assertEquals(ClipFamily.OPEN_CLIP, format(file));
    ClipConfig got = ClipSizes.of(file, ClipFamily.OPEN_CLIP, Optional.empty());
    assertEquals(heads, got.vision().heads());
    assertEquals(
        (int) (width * mlp), (int) (width * got.vision().mlpRatio()), "hidden width of the MLP");
    assertEquals(
        expected,
        new ClipConfig(
            got.embedDim(),
            got.quickGelu(),
            new ClipConfig.Vision(
                got.vision().imageSide(),
                got.vision().patch(),
                got.vision().width(),
                got.vision().layers(),
                got.vision().heads(),
                mlp),
            got.text()));
    for (long scalar : new long[] {1}) {
      file.put("input_resolution", scalar);
      file.put("context_length", scalar);
      file.put("vocab_size", scalar);
    }
    assertEquals(ClipFamily.OPENAI, format(file));
  }

  private static ClipConfig small() {
    return new ClipConfig(
        8,
        false,
        new ClipConfig.Vision(32, 16, 16, 1, 2, 4),
        new ClipConfig.Text(8, 10, 8, 2, 1, 4));
  }

  @Test
  void unknownHeadsAndActivationsAreAskedFor() {
    UserError heads =
        assertThrows(
            UserError.class,
            () ->
                ClipSizes.of(
                    new ShapesOnly(new Clip(small())), ClipFamily.OPEN_CLIP, Optional.empty()));
    assertTrue(heads.getMessage().contains("number of heads is unknown"), heads::getMessage);
    assertTrue(heads.getMessage().contains("Give the config"), heads::getMessage);
    ClipConfig b32 =
        new ClipConfig(
            512,
            false,
            new ClipConfig.Vision(224, 32, 768, 12, 12, 4),
            new ClipConfig.Text(77, 49408, 512, 8, 12, 4));
    UserError activation =
        assertThrows(
            UserError.class,
            () ->
                ClipSizes.of(
                    new ShapesOnly(new Clip(b32)), ClipFamily.HUGGING_FACE, Optional.empty()));
    assertTrue(activation.getMessage().contains("GELU or QuickGELU"), activation::getMessage);
    ClipConfig named =
        ClipSizes.of(
            new ShapesOnly(new Clip(b32)),
            ClipFamily.OPEN_CLIP,
            WeightsOptions.of(null, "ViT-B-32-quickgelu", null).description(Path.of("x")));
    assertTrue(named.quickGelu());
    UserError other =
        assertThrows(
            UserError.class,
            () ->
                ClipSizes.of(
                    new ShapesOnly(new Clip(b32)),
                    ClipFamily.OPEN_CLIP,
                    WeightsOptions.of(null, "ViT-B-16", null).description(Path.of("x"))));
    assertTrue(
        other.getMessage().contains("patch_size 16 in the config, 32 in the weights"),
        other::getMessage);
  }

  @ParameterizedTest
  @CsvSource({
    "visual.trunk.patch_embed.proj.weight, timm",
    "visual.layer1.0.conv1.weight, ResNet",
    "visual.transformer.resblocks.0.ls_1.gamma, LayerScale",
    "text_decoder.ln_final.weight, CoCa",
    "logit_bias, SigLIP",
    "vision_model.head.probe, SigLIP",
    "text.transformer.embeddings.word_embeddings.weight, Hugging Face model",
    "sam_mask_decoder.iou_token.weight, SAM 2",
    "image_encoder.trunk.patch_embed.proj.weight, SAM 2",
    "memory_attention.layers.0.norm1.weight, SAM 2",
    "mask_decoder.hf_token.weight, HQ-SAM",
    // Names of transformers 5.18: SamHQModel, Sam2Model, Sam3TrackerModel.
    "mask_decoder.hq_token.weight, HQ-SAM of Hugging Face",
    "vision_encoder.backbone.patch_embed.projection.weight, SAM 2 of Hugging Face",
    "vision_encoder.backbone.embeddings.position_embeddings, SAM 3 of Hugging Face",
    "image_encoder.patch_embed.seq.0.c.weight, MobileSAM",
  })
  void foreignModelsAreRefusedByName(String tensor, String model) {
    ShapesOnly file = new ShapesOnly(new Clip(small()));
    file.put(tensor, 1);
    UserError error = assertThrows(UserError.class, () -> format(file));
    assertTrue(error.getMessage().contains(model), error.getMessage());
    assertTrue(error.getMessage().contains(tensor), error.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{'embed_dim': 8, 'vision_cfg': {'timm_model_name': 'x'}} | timm_model_name",
        "{'embed_dim': 8, 'vision_cfg': {'layers': [3, 4]}} | ResNet",
        "{'embed_dim': 8, 'vision_cfg': {'ls_init_value': 0.1}} | ls_init_value",
        "{'embed_dim': 8, 'vision_cfg': {'no_ln_pre': true}} | no_ln_pre",
        "{'embed_dim': 8, 'vision_cfg': {'pool_type': 'avg'}} | pool_type",
        "{'embed_dim': 8, 'vision_cfg': {'head_width': 7}} | head_width",
        "{'embed_dim': 8, 'vision_cfg': {}, 'text_cfg': {'no_causal_mask': true}} | no_causal_mask",
        "{'embed_dim': 8, 'vision_cfg': {}, 'text_cfg': {'hf_model_name': 'x'}} | hf_model_name",
        "{'embed_dim': 8, 'vision_cfg': {}, 'text_cfg': {'pool_type': 'eos'}} | pool_type",
        "{'embed_dim': 8, 'vision_cfg': {}, 'multimodal_cfg': {'width': 8}} | CoCa",
        "{'vision_cfg': {}} | embed_dim is missing",
        "{'embed_dim': 'x', 'vision_cfg': {}} | needed: a whole number",
        "{'model_type': 'clip', 'vision_config': {'hidden_act': 'relu'}, 'text_config': {'hidden_act': 'relu'}} | hidden_act is relu",
        "{'model_type': 'clip', 'vision_config': {'hidden_act': 'gelu'}} | different activations",
        "{'model_type': 'clip', 'vision_config': {'layer_norm_eps': 1e-6}} | layer_norm_eps",
        "{'model_type': 'clip', 'text_config': {'eos_token_id': 7}} | eos_token_id",
        "{'model_type': 'siglip'} | is not the config of a CLIP",
        "[ | not valid JSON",
      })
  void configsThatCannotBeRepresented(String json, String cause) throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, json.replace('\'', '"'));
    UserError error =
        assertThrows(
            UserError.class,
            () -> WeightsOptions.of(null, config.toString(), null).description(Path.of("x")));
    assertTrue(error.getMessage().contains(cause), error.getMessage());
    assertTrue(error.getMessage().contains(config.toString()), error.getMessage());
  }
}
