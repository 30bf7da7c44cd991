package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.train.Version;

class ConvertCommandTest {

  @TempDir private Path folder;
  private ModelFolder models;

  @BeforeEach
  void models() throws IOException {
    models = new ModelFolder(folder);
  }

  private ModelFolder.Run convert(Path model, String format, String out, String... more) {
    List<String> arguments = new ArrayList<>(List.of("convert", model.toString()));
    arguments.addAll(List.of("--to", format, "--out", models.resolve(out).toString()));
    arguments.addAll(List.of(more));
    return ModelFolder.run(arguments);
  }

  @Test
  void writesASamWithTheLicencesGiven() {
    ModelFolder.Run run =
        convert(
            models.samClip,
            "sam",
            "official.pth",
            "--licence",
            "sam=Apache-2.0",
            "--licence",
            "clip=MIT");
    assertEquals(Samclip.DONE, run.code(), run.err());
    Path out = models.resolve("official.pth");
    assertEquals(out + ": written" + System.lineSeparator(), run.out());
    try (TensorSource source = Checkpoints.open(out)) {
      assertTrue(source.names().contains("image_encoder.blocks.0.attn.rel_pos_h"));
      assertTrue(source.names().stream().noneMatch(name -> name.startsWith("clip_head")));
      Provenance provenance = Provenance.fromMetadata(source.metadata()).orElseThrow();
      assertEquals(Map.of("sam", "Apache-2.0", "clip", "MIT"), provenance.licences());
      assertEquals(Version.current(), provenance.version());
    }
  }

  @Test
  void writesTorchScriptAndTheTextTower() {
    assertEquals(Samclip.DONE, convert(models.samClip, "torchscript", "merged.pt").code());
    assertTrue(Files.exists(models.resolve("merged.pt")));
    ModelFolder.Run text = convert(models.samClip, "openclip", "text.bin", "--part", "text");
    assertEquals(Samclip.DONE, text.code(), text.err());
    assertTrue(text.out().contains("tokenizer.json"), text.out());
  }

  @Test
  void mistakesHaveExitCode2() throws IOException {
    mistake(convert(models.sam, "torchscrip", "a.pt"), "Did you mean 'torchscript'?");
    mistake(convert(models.samClip, "openclip", "a.bin"), "Part text");
    mistake(convert(models.sam, "sam", "sam.safetensors"), "exists", "force");
    mistake(convert(models.resolve("none.pth"), "sam", "a.pth"), "none.pth");
    mistake(convert(models.image, "sam", "a.pth"), "neither a safetensors file nor");
    Files.writeString(models.resolve("file"), "");
    mistake(convert(models.sam, "sam", "file/a.pth"), "cannot write");
    assertFalse(Files.exists(models.resolve("a.pth")));
  }

  private static void mistake(ModelFolder.Run run, String... inMessage) {
    assertEquals(Samclip.USER_ERROR, run.code(), run.err());
    for (String text : inMessage) {
      assertTrue(run.err().contains(text), run.err());
    }
    assertFalse(run.err().contains("\tat "), run.err());
  }
}
