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
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.cli.ModelFolder.Run;
import org.samclip.clip.DenseForm;

class EvalCommandTest {

  private static final int IMAGES = 3;

  @TempDir static Path shared;
  private static ModelFolder models;
  private static Path classes;
  private static Path labels;
  private static Path json;

  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    models = new ModelFolder(shared);
    classes = shared.resolve("classes");
    labels = shared.resolve("semantic");
    Path images = Files.createDirectories(labels.resolve("images"));
    Path maps = Files.createDirectories(labels.resolve("labels"));
    StringBuilder listed = new StringBuilder();
    StringBuilder objects = new StringBuilder();
    for (int i = 0; i < IMAGES; i++) {
      byte[] png = ModelFolder.picture(i).toPng();
      for (String name : List.of("red", "green")) {
        Path of = Files.createDirectories(classes.resolve(name));
        Files.write(of.resolve(i + ".png"), png);
      }
      Files.write(images.resolve(i + ".png"), png);
      ImageIO.write(labelMap(), "png", maps.resolve(i + ".png").toFile());
      String comma = i == 0 ? "" : ",";
      listed.append(
          comma
              + "{\"id\":%d,\"file_name\":\"%d.png\",\"width\":%d,\"height\":%d}"
                  .formatted(i, i, ModelFolder.WIDTH, ModelFolder.HEIGHT));
      objects.append(
          comma
              + ("{\"id\":%d,\"image_id\":%d,\"category_id\":1,\"iscrowd\":0,\"area\":800,"
                      + "\"bbox\":[0,0,30,40],\"segmentation\":[[0,0,30,0,30,40,0,40]]}")
                  .formatted(i, i));
    }
    Files.writeString(labels.resolve("classes.txt"), "background\nred\nblue\n");
    json =
        Files.writeString(
            labels.resolve("instances.json"),
            "{\"images\":[%s],\"categories\":[{\"id\":1,\"name\":\"red\"}],\"annotations\":[%s]}"
                .formatted(listed, objects));
  }

  /** Left red, right blue, background below. */
  private static BufferedImage labelMap() {
    BufferedImage map =
        new BufferedImage(ModelFolder.WIDTH, ModelFolder.HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < 30; y++) {
      for (int x = 0; x < ModelFolder.WIDTH; x++) {
        map.getRaster().setSample(x, y, 0, x < ModelFolder.WIDTH / 2 ? 1 : 2);
      }
    }
    return map;
  }

  private Run eval(Path model, String task, Path data, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "eval",
                "--model",
                model.toString(),
                "--task",
                task,
                "--data",
                data.toString(),
                "--json",
                folder.resolve("result.json").toString()));
    arguments.addAll(List.of(more));
    return ModelFolder.run(arguments);
  }

  private JsonNode done(Run run) throws IOException {
    assertEquals(0, run.code(), run.err());
    // Values stand in one column.
    assertEquals(1, run.out().lines().map(line -> line.indexOf("  ") > 0).distinct().count());
    JsonNode result = new ObjectMapper().readTree(folder.resolve("result.json").toFile());
    result
        .get("metrics")
        .fieldNames()
        .forEachRemaining(name -> assertTrue(run.out().contains("\n" + name + " "), run.out()));
    return result;
  }

  private void assertRefused(Run run, String... parts) {
    assertEquals(2, run.code(), run.err());
    for (String part : parts) {
      assertTrue(run.err().contains(part), run.err());
    }
    assertFalse(Files.exists(folder.resolve("result.json")));
    assertEquals("", run.out());
  }

  @Test
  void classification() throws IOException {
    for (Path model : List.of(models.samClip, models.clip)) {
      JsonNode result = done(eval(model, "classify", classes, "--templates", "brief"));
      // Every image is in both classes, so whatever is answered, half is right.
      assertEquals(.5, result.at("/metrics/zeroshot_top1/value").doubleValue());
      assertEquals(1, result.at("/metrics/zeroshot_top5/value").doubleValue());
      assertEquals(2 * IMAGES, result.at("/metrics/zeroshot_top1/n").intValue());
      double low = result.at("/metrics/zeroshot_top1/low").doubleValue();
      assertTrue(low >= 0 && low < .5, "three of six pairs of equal images, drawn one by one");
      assertEquals(2 * IMAGES, result.at("/metrics/images").intValue());
    }
  }

  @Test
  void semanticSegmentation() throws IOException {
    for (String background : List.of("text", "threshold", "excluded")) {
      JsonNode result =
          done(
              eval(
                  models.clip,
                  "semantic",
                  labels,
                  "--background",
                  background,
                  "--side",
                  "64",
                  "--max-images",
                  "2"));
      assertEquals(64, result.at("/metrics/side").intValue());
      assertEquals(2, result.at("/metrics/images").intValue());
      int rows = background.equals("excluded") ? 30 : ModelFolder.HEIGHT;
      assertEquals(2L * ModelFolder.WIDTH * rows, result.at("/metrics/pixels").longValue());
      assertEquals(3, result.get("class_iou").size());
    }
  }

  @Test
  void nearestNeighbours() throws IOException {
    for (Path model : List.of(models.samClip, models.clip)) {
      JsonNode result =
          done(eval(model, "knn", classes, "--train", classes.toString(), "--set", "k=2"));
      assertEquals(2 * IMAGES, result.at("/metrics/knn_top1/n").intValue());
      // There are two classes only.
      assertEquals(1, result.at("/metrics/knn_top5/value").doubleValue());
      assertEquals(2 * IMAGES, result.at("/metrics/train_images").intValue());
      assertEquals(2, result.at("/metrics/neighbours").intValue());
      assertEquals("summary", result.at("/options/output").textValue());
    }
  }

  @Test
  void heldOutClassesHaveAMetricOfTheirOwn() throws IOException {
    Path file = Files.writeString(folder.resolve("heldout.txt"), "green\n");
    JsonNode result = done(eval(models.clip, "classify", classes, "--heldout", file.toString()));
    assertEquals(IMAGES, result.at("/metrics/heldout_top1/n").intValue());
    assertEquals(IMAGES, result.at("/metrics/zeroshot_top1/n").intValue());
  }

  @Test
  void composition() throws IOException {
    JsonNode result = done(eval(models.samClip, "compose", labels));
    assertTrue(result.at("/metrics/prompts").intValue() >= IMAGES);
    assertEquals("samclip", result.get("kind").textValue());
    // No token is quite sure: only the surest class, or none beside a background, is prompted.
    JsonNode strict =
        done(eval(models.samClip, "compose", labels, "--threshold", "1", "--temperature", "1"));
    assertTrue(
        strict.at("/metrics/prompts").intValue() <= result.at("/metrics/prompts").intValue());
  }

  @Test
  void compositionWithMasksFirst() throws IOException {
    for (String proposals : List.of("scores", "grid")) {
      JsonNode result =
          done(
              eval(
                  models.samClip,
                  "compose",
                  labels,
                  "--form",
                  "masks_first",
                  "--proposals",
                  proposals,
                  "--grid",
                  "2",
                  "--predicted-iou",
                  "0",
                  "--stability",
                  "0",
                  "--overlap",
                  "1"));
      assertEquals("masks_first", result.at("/options/form").textValue());
      assertEquals(2, result.at("/options/masks/grid").intValue());
      assertTrue(result.at("/metrics/prompts").intValue() > 0, result.toString());
    }
  }

  @Test
  void thePatchesOfAClipAreReadInAnyForm() throws IOException {
    Map<String, String> found = new HashMap<>();
    for (String form : List.of("output", "value", "value_block")) {
      JsonNode result = done(eval(models.clip, "semantic", labels, "--dense", form));
      found.put(form, result.at("/metrics").toString());
    }
    String unasked = done(eval(models.clip, "semantic", labels)).at("/metrics").toString();
    assertEquals(unasked, found.get(DenseForm.DEFAULT.name().toLowerCase(Locale.ROOT)));
  }

  @Test
  void instances() throws IOException {
    for (String prompt : List.of("box", "point")) {
      JsonNode result = done(eval(models.sam, "instance", json, "--prompt", prompt));
      assertEquals(IMAGES, result.at("/metrics/objects").intValue());
      assertEquals(prompt, result.at("/options/prompts/0").textValue());
      assertTrue(result.at("/metrics/" + prompt + "_miou/value").isNumber(), result::toString);
    }
    String images = labels.resolve("images").toString();
    done(eval(models.samClip, "instance", json, "--images", images));
  }

  @Test
  void optionsSayWhereLabelMapsAre() throws IOException {
    Path moved = Files.createDirectories(folder.resolve("set"));
    for (String[] names : new String[][] {{"images", "val"}, {"labels", "valannot"}}) {
      Path to = Files.createDirectories(moved.resolve(names[1]));
      for (int i = 0; i < IMAGES; i++) {
        Files.copy(labels.resolve(names[0] + "/" + i + ".png"), to.resolve(i + ".png"));
      }
    }
    Files.copy(labels.resolve("classes.txt"), moved.resolve("classes.txt"));
    String[] options = {"--option", "images=val", "--option", "labels=valannot", "--side", "64"};
    JsonNode found = done(eval(models.clip, "semantic", moved, options)).get("metrics");
    Files.delete(folder.resolve("result.json"));
    JsonNode same = done(eval(models.clip, "semantic", labels, "--side", "64")).get("metrics");
    assertEquals(same, found);
    done(eval(models.samClip, "compose", moved, options));
    Files.delete(folder.resolve("result.json"));
    assertRefused(eval(models.clip, "semantic", moved, "--option", "image=val"), "'images'");
    assertRefused(eval(models.sam, "instance", json, "--option", "images=val"), "--option: ");
  }

  @Test
  void badAnnotationsAreCountedByCause() throws IOException {
    String text = Files.readString(json);
    Path odd = labels.resolve("odd.json");
    Files.writeString(odd, text.replaceFirst("\\[\\[[^]]*]]", "[[1,2,3,4]]"));
    JsonNode result = done(eval(models.sam, "instance", odd));
    assertEquals(IMAGES, result.at("/metrics/images").intValue());
    assertEquals(IMAGES - 1, result.at("/metrics/objects").intValue());
    assertEquals(1, result.at("/metrics/skipped_objects").intValue());
    assertEquals(1, result.at("/metrics/bad_annotations/BAD_MASK").intValue());
    JsonNode sound = done(eval(models.sam, "instance", json));
    Files.writeString(odd, text.replace("[0,0,30,40]", "[\"0\",\"0\",\"30\",\"40\"]"));
    assertEquals(
        sound.at("/metrics/box_miou"),
        done(eval(models.sam, "instance", odd)).at("/metrics/box_miou"));
  }

  @Test
  void whatCannotBeMeasuredIsExplained() {
    assertRefused(eval(models.sam, "classify", classes), "task classify", "holds a sam");
    assertRefused(eval(models.clip, "instance", json), "task instance", "holds a clip");
    assertRefused(eval(models.clip, "compose", labels), "task compose", "samclip");
    assertRefused(eval(models.clip, "semantic", classes), "images");
    assertRefused(eval(models.clip, "classify", shared.resolve("absent")), "absent");
    assertRefused(eval(models.sam, "instance", shared.resolve("absent.json")), "absent");
    assertRefused(
        eval(models.sam, "instance", json, "--images", shared.resolve("none").toString()), "none");
    assertRefused(
        eval(models.clip, "semantic", labels, "--side", "60"), "side: 60", "patch 8", "try 64");
    assertRefused(eval(models.clip, "semantic", labels, "--side", "-8"), "side: -8");
    assertRefused(eval(models.clip, "semantic", labels, "--max-images", "-1"), "max_images: -1");
    assertRefused(eval(models.clip, "semantic", labels, "--images", "x"), "--images: ", "semantic");
    assertRefused(
        eval(models.clip, "compos", labels),
        "--task: 'compos'",
        "instance, classify, semantic, compose, knn",
        "Did you mean 'compose'?");
    assertRefused(eval(models.clip, "classify", classes, "--grid", "3"), "masks", "templates");
    assertRefused(eval(models.clip, "knn", classes), "classes_train");
    assertRefused(
        eval(models.clip, "knn", classes, "--train", classes.toString(), "--set", "kk=3"),
        "kk",
        "Did you mean 'k'?");
    assertRefused(
        eval(models.clip, "classify", classes, "--train", classes.toString()), "--train: ");
    assertRefused(
        eval(models.samClip, "compose", labels, "--temperature", "0"), "temperature: 0.0");
    assertRefused(eval(models.samClip, "compose", labels, "--threshold", "2"), "threshold: 2.0");
    assertRefused(eval(models.samClip, "compose", labels, "--points", "-1"), "points: -1");
    assertRefused(eval(models.samClip, "compose", labels, "--grid", "0"), "grid: 0");
    assertRefused(eval(models.samClip, "compose", labels, "--form", "both"), "masks_first");
  }
}
