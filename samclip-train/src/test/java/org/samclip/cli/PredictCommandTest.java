package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.cli.ModelFolder.Run;
import org.samclip.model.RandomModels;

class PredictCommandTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TOKENS = RandomModels.SIDE / 8;

  @TempDir static Path shared;
  private static ModelFolder models;

  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    models = new ModelFolder(shared);
  }

  private Run predict(Path model, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("predict", "--model", model.toString(), "--out", out().toString()));
    if (!List.of(more).contains("--image")) {
      arguments.addAll(List.of("--image", models.image.toString()));
    }
    arguments.addAll(List.of(more));
    return ModelFolder.run(arguments);
  }

  private Path out() {
    return folder.resolve("out");
  }

  private TreeSet<String> files() throws IOException {
    try (Stream<Path> list = Files.list(out())) {
      TreeSet<String> names = new TreeSet<>();
      list.forEach(file -> names.add(file.getFileName().toString()));
      return names;
    }
  }

  private void assertRefused(Run run, String... parts) {
    assertEquals(2, run.code(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    for (String part : parts) {
      assertTrue(run.err().contains(part), run.err());
    }
    assertEquals("", run.out());
    assertFalse(Files.exists(out()), "nothing is written");
  }

  private static long inside(Path mask) throws IOException {
    BufferedImage image = ImageIO.read(mask.toFile());
    assertEquals(ModelFolder.WIDTH, image.getWidth());
    assertEquals(ModelFolder.HEIGHT, image.getHeight());
    long inside = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        inside += image.getRaster().getSample(x, y, 0) == 255 ? 1 : 0;
      }
    }
    return inside;
  }

  @Test
  void aMergedModelAnswersEverything() throws IOException {
    Run run =
        predict(
            models.samClip,
            "--text",
            "red, blue",
            "--point",
            "10,12",
            "--point",
            "50,30,0",
            "--box",
            "2,3,40,39.5",
            "--box",
            "0,0,60,40");
    assertEquals(0, run.code(), run.err());
    assertEquals(
        new TreeSet<>(
            List.of(
                "arrays.safetensors",
                "box-1.png",
                "box-2.png",
                "overlay.png",
                "points-1.png",
                "prediction.json",
                "text-1-red.png",
                "text-2-blue.png")),
        files());
    JsonNode summary = JSON.readTree(run.out());
    assertEquals(summary, JSON.readTree(out().resolve("prediction.json").toFile()));
    assertEquals(ModelFolder.WIDTH, summary.get("width").intValue());
    assertEquals(3, summary.get("masks").size());
    JsonNode points = summary.get("masks").get(0);
    assertEquals("[[10.0,12.0,1],[50.0,30.0,0]]", points.get("points").toString());
    assertEquals("[2.0,3.0,40.0,39.5]", summary.get("masks").get(1).get("box").toString());
    int rows = 3;
    for (JsonNode mask : summary.get("masks")) {
      assertTrue(mask.get("predicted_iou").isNumber());
      long inside = inside(out().resolve(mask.get("file").textValue()));
      assertEquals(mask.get("area").longValue(), inside);
    }
    double sum = 0;
    for (JsonNode text : summary.get("texts")) {
      sum += text.get("probability").doubleValue();
      assertTrue(Math.abs(text.get("cosine").doubleValue()) <= 1);
      long inside = inside(out().resolve(text.get("file").textValue()));
      assertEquals(text.get("area").longValue(), inside);
      rows += text.get("logits_row").isNull() ? 0 : 1;
    }
    assertEquals(1, sum, 1e-5);
    try (SafetensorsFile arrays = SafetensorsFile.open(out().resolve("arrays.safetensors"))) {
      assertShape(arrays, "mask_logits", rows, 4 * TOKENS, 4 * TOKENS);
      assertShape(arrays, "sam_embedding", 32, TOKENS, TOKENS);
      assertShape(arrays, "patch_features", 8, TOKENS, TOKENS);
      assertShape(arrays, "image_embedding", 8);
    }
    assertEquals(384, ImageIO.read(out().resolve("overlay.png").toFile()).getWidth());
  }

  private static void assertShape(SafetensorsFile file, String name, long... shape) {
    assertEquals(
        List.of(Arrays.stream(shape).boxed().toArray()),
        List.of(Arrays.stream(file.info(name).shape()).boxed().toArray()));
  }

  @Test
  void aSamTakesPointsAndBoxesOnly() throws IOException {
    assertRefused(predict(models.sam, "--text", "red"), "sam.safetensors holds a sam", "clip");
    Run run = predict(models.sam, "--point", "59,39,1");
    assertEquals(0, run.code(), run.err());
    assertEquals(0, JSON.readTree(run.out()).get("texts").size());
    assertTrue(files().contains("points-1.png"));
  }

  @Test
  void masksCanComeBeforeTheirNames() throws IOException {
    assertRefused(predict(models.samClip, "--text", "red", "--overlap", "2"), "overlap: 2");
    Run run =
        predict(
            models.samClip,
            "--text",
            "red,blue",
            "--form",
            "masks_first",
            "--grid",
            "2",
            "--predicted-iou",
            "0",
            "--stability",
            "0",
            "--overlap",
            "1",
            "--threshold",
            "0");
    assertEquals(0, run.code(), run.err());
    JsonNode texts = JSON.readTree(run.out()).get("texts");
    for (JsonNode text : texts) {
      assertTrue(files().contains(text.get("file").textValue()), text.toString());
    }
  }

  @Test
  void aClipTakesTextsOnly() throws IOException {
    assertRefused(
        predict(models.clip, "--text", "red", "--box", "0,0,9,9"),
        "clip.safetensors holds a clip",
        "sam");
    Run run = predict(models.clip, "--text", "red,green,blue", "--templates", "openai");
    assertEquals(0, run.code(), run.err());
    JsonNode texts = JSON.readTree(run.out()).get("texts");
    assertEquals("green", texts.get(1).get("text").textValue());
    assertFalse(texts.get(1).has("file"));
    assertEquals(
        new TreeSet<>(List.of("arrays.safetensors", "overlay.png", "prediction.json")), files());
  }

  @Test
  void whatCannotBeAskedIsExplained() throws IOException {
    Path model = models.samClip;
    assertRefused(predict(model), "no prompt");
    assertRefused(predict(model, "--point", "60,3"), "point 60,3 is outside", "0 to 59");
    assertRefused(predict(model, "--point", "-1,3"), "point -1,3 is outside");
    assertRefused(predict(model, "--point", "NaN,3"), "outside");
    assertRefused(predict(model, "--point", "1,3,2"), "--point 1,3,2", "label", "allowed: 1");
    assertRefused(predict(model, "--point", "1"), "--point 1", "x,y");
    assertRefused(predict(model, "--point", "a,b"), "--point a,b", "not numbers");
    assertRefused(predict(model, "--box", "30,3,9,20"), "box 30,3,9,20", "try 9,3,30,20");
    assertRefused(predict(model, "--box", "3,3,61,20"), "reaches outside", "0 to 60");
    assertRefused(predict(model, "--box", "3,3,20"), "--box 3,3,20: 3 numbers");
    assertRefused(predict(model, "--text", "red,,blue"), "empty");
    assertRefused(predict(model, "--text", "red,red"), "twice");
    assertRefused(predict(model, "--text", "red", "--templates", "none.txt"), "none.txt", "brief");
    assertRefused(predict(model, "--text", "red", "--device", "tpu"), "device");
    Path damaged = Files.write(folder.resolve("damaged.png"), new byte[] {1, 2, 3});
    assertRefused(predict(model, "--text", "red", "--image", damaged.toString()), "damaged.png");
    assertRefused(predict(model, "--text", "red", "--image", "absent.png"), "absent.png");
    assertRefused(predict(folder.resolve("absent"), "--text", "red"), "absent");
    assertRefused(predict(models.image, "--text", "red"), "picture.png");
  }

  @Test
  void anOutputThatIsNoFolderIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    List<String> arguments =
        List.of(
            "predict",
            "--model",
            models.sam.toString(),
            "--image",
            models.image.toString(),
            "--point",
            "1,1",
            "--out",
            file.resolve("x").toString());
    Run run = ModelFolder.run(arguments);
    assertEquals(2, run.code(), run.err());
    assertTrue(run.err().contains("is a file"), run.err());
    assertEquals("kept", Files.readString(file));
  }
}
