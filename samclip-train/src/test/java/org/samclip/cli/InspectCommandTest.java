package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.cli.ModelFolder.Run;
import org.samclip.kernel.LibTorch;

/** {@code samclip inspect} and {@code samclip diff}. */
class InspectCommandTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path shared;
  private static ModelFolder models;

  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    models = new ModelFolder(shared);
  }

  private static Run run(Object... arguments) {
    return ModelFolder.run(List.of(arguments).stream().map(Object::toString).toList());
  }

  private static JsonNode json(Object... arguments) throws IOException {
    Run run = run(arguments);
    assertEquals(Samclip.DONE, run.code(), run.err());
    return JSON.readTree(run.out());
  }

  @Test
  void tellsWhatEachKindHolds() throws IOException {
    for (Path file : List.of(models.samClip, models.sam, models.clip)) {
      JsonNode found = json("inspect", file, "--json");
      assertEquals("samclip", found.get("format").asText());
      assertEquals("test", found.get("provenance").get("version").asText());
      assertEquals(Files.size(file), found.get("bytes").asLong());
      assertTrue(found.get("problem").isNull(), found::toString);
      assertEquals(0, found.get("differences").get("missing").size());
      assertEquals(0, found.get("differences").get("extra").size());
      long values = 0;
      for (JsonNode part : found.get("parts")) {
        values += part.get("values").asLong();
      }
      assertEquals(values, found.get("types").get("F32").asLong());
    }
    Run text = run("inspect", models.sam);
    assertTrue(text.out().contains("nothing missing, nothing extra"), text.out());
    assertTrue(text.out().contains("part          mask_decoder: "), text.out());
  }

  /** A checkpoint of training, with an average of the weights beside them. */
  @Test
  void theKeyChoosesOneOfSeveralModels() throws IOException {
    Files.createDirectory(folder.resolve("c"));
    Path plain = folder.resolve("plain.safetensors");
    assertEquals(
        Samclip.DONE, run("convert", models.clip, "--to", "openclip", "--out", plain).code());
    Path both = folder.resolve("both.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        TensorSource source = Checkpoints.open(plain)) {
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      for (String name : source.names()) {
        NDArray value = source.read(name, manager);
        arrays.put("model.module." + name, value);
        arrays.put("model_ema." + name, value.add(1));
      }
      SafetensorsWriter.write(both, arrays, Map.of());
    }
    for (String command : List.of("inspect", "convert", "predict", "diff")) {
      List<String> arguments = new ArrayList<>(List.of(command));
      switch (command) {
        case "convert" ->
            arguments.addAll(List.of(both + "", "--to", "openclip", "--out", folder + "/c/c.pt"));
        case "predict" ->
            arguments.addAll(
                List.of(
                    "--model",
                    both + "",
                    "--image",
                    models.image + "",
                    "--text",
                    "a",
                    "--out",
                    folder + "/p"));
        case "diff" -> arguments.addAll(List.of(both + "", plain + ""));
        default -> arguments.add(both + "");
      }
      Run several = ModelFolder.run(arguments);
      assertEquals(Samclip.USER_ERROR, several.code(), command);
      assertTrue(several.err().contains("model.module, model_ema"), several.err());
      assertTrue(several.err().contains("weights key"), several.err());
      arguments.addAll(List.of("--weights-key", "model"));
      Run chosen = ModelFolder.run(arguments);
      assertEquals(Samclip.DONE, chosen.code(), command + ": " + chosen.err());
    }
    Run inspect = run("inspect", both, "--weights-key", "model_ema");
    assertTrue(inspect.out().contains("note          'model_ema.' is taken off"), inspect.out());
    JsonNode same = json("diff", plain, folder.resolve("c/c.pt"), "--json");
    assertEquals(0, same.get("total").get("difference").asDouble());
    JsonNode diff =
        json(
            "diff", both, both, "--weights-key", "model", "--weights-key-b", "model_ema", "--json");
    long values = diff.get("total").get("values").asLong();
    assertEquals(Math.sqrt(values), diff.get("total").get("difference").asDouble(), 1e-3 * values);
  }

  @Test
  void comparesWithAPreset() throws IOException {
    JsonNode against = json("inspect", models.sam, "--against", "vit-b", "--json");
    assertEquals("vit-b", against.get("against").asText());
    JsonNode differences = against.get("differences");
    assertTrue(
        differences.get("missing").toString().contains("image_encoder.blocks.11.attn.qkv.weight"),
        differences::toString);
    assertTrue(differences.get("misfits").size() > 0, differences::toString);
    Run clip = run("inspect", models.clip, "--against", "vit-b");
    assertEquals(Samclip.USER_ERROR, clip.code());
    assertTrue(clip.err().contains("presets, such as vit-b, are of SAM"), clip.err());
    Run unknown = run("inspect", models.sam, "--against", "vit-x");
    assertEquals(Samclip.USER_ERROR, unknown.code());
  }

  @Test
  void aPartOfASamIsNoError() throws IOException {
    Path part = folder.resolve("part.safetensors");
    new SafetensorsWriter()
        .add("image_encoder.patch_embed.proj.weight", new float[3 * 4 * 4 * 8], 8, 3, 4, 4)
        .write(part);
    JsonNode found = json("inspect", part, "--json");
    assertEquals("segment-anything", found.get("format").asText());
    assertTrue(found.get("problem").asText().contains("pos_embed"), found::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "diff"})
  void badFilesAreUserErrors(String command) throws IOException {
    Path bad = Files.write(folder.resolve("bad.pth"), new byte[] {'P', 'K', 3, 4, 0, 0});
    Path none = folder.resolve("none.pth");
    for (Path file : List.of(bad, none)) {
      Run run = command.equals("diff") ? run("diff", models.sam, file) : run("inspect", file);
      assertEquals(Samclip.USER_ERROR, run.code());
      assertTrue(run.err().contains(file.toString()), run.err());
    }
  }

  @Test
  void distancesAreThoseOfTheFormula() throws IOException {
    Path a = folder.resolve("a.safetensors");
    Path b = folder.resolve("b.safetensors");
    String image = "image_encoder.patch_embed.proj.weight";
    new SafetensorsWriter()
        .add(image, new float[] {3, 4, 0, 0}, 4)
        .add("mask_decoder.iou_token.weight", new float[] {1, 1}, 2)
        .add("mask_decoder.only", new float[] {1}, 1)
        .add("mask_decoder.shape", new float[] {1}, 1)
        .add("mask_decoder.nan", new float[] {1}, 1)
        .write(a);
    new SafetensorsWriter()
        .add(image, new float[] {3, 4, 0, 1}, 4)
        .add("mask_decoder.iou_token.weight", new float[] {1, 1}, 2)
        .add("mask_decoder.shape", new float[] {1}, 1, 1)
        .add("mask_decoder.nan", new float[] {Float.NaN}, 1)
        .add("mask_decoder.more", new float[] {1}, 1)
        .write(b);
    JsonNode found = json("diff", a, b, "--json");
    assertEquals(.2, found.get("parts").get("image_encoder").get("relative").asDouble(), 1e-12);
    assertEquals(0, found.get("parts").get("mask_decoder").get("relative").asDouble());
    assertEquals(Math.sqrt(1 / 27.), found.get("total").get("relative").asDouble(), 1e-12);
    assertEquals("[\"mask_decoder.only\"]", found.get("only_in_a").toString());
    assertEquals("[\"mask_decoder.more\"]", found.get("only_in_b").toString());
    assertEquals("[\"mask_decoder.shape\"]", found.get("other_shape").toString());
    assertEquals("[\"mask_decoder.nan\"]", found.get("not_finite").toString());
    Run text = run("diff", a, b);
    assertTrue(text.out().contains("2.000e-01"), text.out());
  }

  @Test
  void aMergedModelIsComparedWithItsSam() throws IOException {
    JsonNode found = json("diff", models.sam, models.samClip, "--json");
    assertEquals(0, found.get("only_in_a").size());
    assertTrue(found.get("only_in_b").toString().contains("clip_head."), found::toString);
    assertTrue(found.get("parts").has("image_encoder"), found::toString);
    Run foreign = run("diff", models.sam, models.clip);
    assertEquals(Samclip.USER_ERROR, foreign.code());
    assertTrue(foreign.err().contains("no tensor of the same name"), foreign.err());
  }
}
