package org.samclip.model.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.RandomModels;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;
import org.samclip.model.export.ModelExport.Part;

class ModelExportTest {

  @TempDir private Path folder;
  private NDManager manager;
  private Path samClip;
  private Path sam;
  private Path clip;

  @BeforeEach
  void models() {
    manager = LibTorch.newManager(Device.cpu());
    samClip = folder.resolve("merged.safetensors");
    sam = folder.resolve("sam.safetensors");
    clip = folder.resolve("clip.safetensors");
    ModelFile.write(samClip, RandomModels.merged(manager), TensorType.F32);
    ModelFile.write(sam, RandomModels.sam(manager), TensorType.F32);
    ModelFile.write(clip, RandomModels.clip(manager), TensorType.F32);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Path export(Path model, ExportFormat format, Part part, String name) {
    Path out = folder.resolve("out").resolve(name);
    List<Path> written =
        new ModelExport(model, WeightsOptions.NONE, out, false, "9.8", Map.of("sam", "Apache-2.0"))
            .write(format, part);
    assertEquals(out, written.get(0));
    written.forEach(file -> assertTrue(Files.isRegularFile(file), file.toString()));
    return out;
  }

  private static void equal(Map<String, NDArray> expected, TensorSource got) {
    assertEquals(expected.keySet(), got.names());
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      expected.forEach((name, array) -> assertEquals(array, got.read(name, manager), name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sam.pth", "sam.safetensors"})
  void samOfAMergedModelReadsBackAsASam(String name) {
    Path out = export(samClip, ExportFormat.SAM, Part.ALL, name);
    Map<String, NDArray> expected = RandomModels.sam(manager).sam().arrays();
    Map<String, NDArray> merged = RandomModels.merged(manager).student().arrays();
    expected.replaceAll((key, array) -> merged.get(key));
    try (TensorSource source = Checkpoints.open(out)) {
      equal(expected, source);
      Provenance provenance = Provenance.fromMetadata(source.metadata()).orElseThrow();
      assertEquals("sam", provenance.kind());
      assertEquals("9.8", provenance.version());
      assertEquals(Map.of("sam", "Apache-2.0"), provenance.licences());
    }
    equalModels(expected, ModelFile.read(SamModel.class, out, manager).sam().arrays());
  }

  private static void equalModels(Map<String, NDArray> expected, Map<String, NDArray> got) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach((name, array) -> assertEquals(array, got.get(name), name));
  }

  @Test
  void samOfASam() {
    Path out = export(sam, ExportFormat.SAM, Part.ALL, "sam.pth");
    try (TensorSource source = Checkpoints.open(out)) {
      equal(RandomModels.sam(manager).sam().arrays(), source);
    }
  }

  @Test
  void openClipHasItsSizesBesideIt() throws IOException {
    Path out = export(clip, ExportFormat.OPENCLIP, Part.ALL, "open_clip_pytorch_model.bin");
    try (TensorSource source = Checkpoints.open(out)) {
      equal(RandomModels.clip(manager).clip().arrays(), source);
    }
    ObjectMapper mapper = new ObjectMapper();
    JsonNode config = mapper.readTree(out.resolveSibling("open_clip_config.json").toFile());
    assertEquals(
        mapper.readTree(
            "{'embed_dim':8,'quick_gelu':false,'vision_cfg':{'image_size':32,'patch_size':8,"
                    .replace('\'', '"')
                + "'width':16,'layers':1,'head_width':8,'mlp_ratio':2.0},'text_cfg':{"
                    .replace('\'', '"')
                + "'context_length':8,'vocab_size':16,'width':16,'heads':2,'layers':1,'mlp_ratio':2.0}}"
                    .replace('\'', '"')),
        config.get("model_cfg"));
    assertEquals(
        RandomModels.clip(manager).tokenizer().json(),
        Files.readString(out.resolveSibling("tokenizer.json")));
    ModelFile.read(ClipModel.class, out, manager).tokenizer().close();
  }

  @Test
  void openClipOfAMergedModelIsItsTextTower() {
    Path out = export(samClip, ExportFormat.OPENCLIP, Part.TEXT, "text.safetensors");
    try (TensorSource source = Checkpoints.open(out)) {
      equal(RandomModels.merged(manager).language().orElseThrow().text().tower().arrays(), source);
      assertTrue(source.names().contains("transformer.resblocks.0.attn.in_proj_weight"));
      assertTrue(source.metadata().containsKey(ModelFile.TOKENIZER));
    }
    assertFalse(Files.exists(out.resolveSibling("open_clip_config.json")));
  }

  @Test
  void whatCannotBeIsSaidWithTheRemedy() {
    refused(samClip, ExportFormat.OPENCLIP, Part.ALL, "a.bin", "Part text", "torchscript");
    refused(sam, ExportFormat.OPENCLIP, Part.ALL, "a.bin", "holds a sam model", "clip model");
    refused(clip, ExportFormat.SAM, Part.ALL, "a.pth", "holds a clip model", "samclip");
    refused(
        sam,
        ExportFormat.TORCHSCRIPT,
        Part.ALL,
        "a.pt",
        "holds a sam model",
        "the formats sam and openclip");
    refused(sam, ExportFormat.SAM, Part.TEXT, "a.pth", "part text", "openclip");
    refused(sam, ExportFormat.SAM, Part.ALL, "a.onnx", "a.onnx", ".safetensors");
    assertFalse(Files.exists(folder.resolve("out")));
  }

  private void refused(
      Path model, ExportFormat format, Part part, String name, String... inMessage) {
    UserError error = assertThrows(UserError.class, () -> export(model, format, part, name), name);
    for (String text : inMessage) {
      assertTrue(error.getMessage().contains(text), error.getMessage());
    }
  }

  @Test
  void nothingIsReplacedUnasked() throws IOException {
    export(clip, ExportFormat.OPENCLIP, Part.ALL, "model.bin");
    refused(clip, ExportFormat.OPENCLIP, Part.ALL, "model.bin", "exists", "force its replacement");
    // The files beside count as well.
    refused(
        clip,
        ExportFormat.OPENCLIP,
        Part.ALL,
        "other.bin",
        "open_clip_config.json",
        "force its replacement");
    Path out = folder.resolve("out/model.bin");
    Files.writeString(out, "old");
    new ModelExport(clip, WeightsOptions.NONE, out, true, "1", Map.of())
        .write(ExportFormat.OPENCLIP, Part.ALL);
    assertTrue(Files.size(out) > 1000);
  }

  @Test
  void formatsAreFoundByName() {
    assertEquals(ExportFormat.TORCHSCRIPT, ExportFormat.of("TorchScript"));
    UserError error = assertThrows(UserError.class, () -> ExportFormat.of("torchskript"));
    assertTrue(error.getMessage().contains("Did you mean 'torchscript'?"), error.getMessage());
  }
}
