package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class EvaluationSetsTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);

  @TempDir Path folder;

  private Path put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private Path put(String name, String text) throws IOException {
    return put(name, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static String failure(Runnable action) {
    return assertThrows(UserError.class, action::run).getMessage();
  }

  @Test
  void classFolders() throws IOException {
    put("set/n02/b.png", TestArchive.png(2, 2, 2));
    put("set/n01/a.png", TestArchive.png(2, 2, 1));
    put("set/n02/notes.txt", "x");
    put("set/big_dog/c.png", TestArchive.png(2, 2, 3));
    put("set/classes.txt", "n01\ttabby cat\n# comment\nn02\tbus\n");
    ClassFolders set = new ClassFolders(folder.resolve("set"), LIMITS);
    assertEquals(List.of("big dog", "tabby cat", "bus"), set.classes());
    assertEquals(3, set.size());
    ClassFolders.Item last = set.get(2);
    assertEquals(2, last.label());
    assertEquals(2, last.image().at(0, 0, 0));
    Files.createDirectories(folder.resolve("set/empty"));
    assertTrue(failure(() -> new ClassFolders(folder.resolve("set"), LIMITS)).contains("empty"));
    assertTrue(
        failure(() -> new ClassFolders(folder.resolve("none"), LIMITS)).contains("no such folder"));
    assertTrue(
        failure(() -> new ClassFolders(folder.resolve("set/n01"), LIMITS))
            .contains("no class folders"));
  }

  private static byte[] labels(int... values) throws IOException {
    BufferedImage image = new BufferedImage(values.length, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSamples(0, 0, values.length, 1, 0, values);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  private LabelMapFolder labelMaps() {
    return new LabelMapFolder(folder.resolve("seg"), LIMITS);
  }

  @Test
  void labelMapFolders() throws IOException {
    put("seg/images/a.png", TestArchive.png(3, 1, 9));
    put("seg/labels/a.png", labels(0, 255, 1));
    assertTrue(failure(this::labelMaps).contains("classes.txt"));
    put("seg/classes.txt", "sky\nsea\n");
    LabelMapFolder set = labelMaps();
    assertEquals(List.of("sky", "sea"), set.classes());
    assertArrayEquals(new byte[] {0, (byte) 255, 1}, set.get(0).labels().labels());
    assertEquals("a", set.get(0).key());
    put("seg/labels/a.png", labels(0, 2, 1));
    assertTrue(failure(() -> set.get(0)).contains("label 2, allowed: 0..1"));
    put("seg/labels/a.png", labels(0, 1));
    assertTrue(failure(() -> set.get(0)).contains("2 x 1, but the image has 3 x 1"));
    put("seg/labels/a.png", TestArchive.png(3, 1, 0));
    assertTrue(failure(() -> set.get(0)).contains("one channel"));
    Files.delete(folder.resolve("seg/labels/a.png"));
    assertTrue(failure(this::labelMaps).contains("every image needs its label map"));
    Files.delete(folder.resolve("seg/images/a.png"));
    assertTrue(failure(this::labelMaps).contains("no image"));
  }

  private static final String IMAGES =
      "{\"info\":{\"a\":[1]},\"images\":[{\"id\":7,\"file_name\":\"b.png\",\"width\":6,\"height\":5},"
          + "{\"id\":3,\"file_name\":\"a.png\",\"width\":6,\"height\":5}],"
          + "\"categories\":[{\"id\":90,\"name\":\"dog\"},{\"id\":4,\"name\":\"cat\"}],"
          + "\"annotations\":[";

  private CocoInstances coco(String annotations) throws IOException {
    put("img/a.png", TestArchive.png(6, 5, 1));
    put("img/b.png", TestArchive.png(6, 5, 2));
    Path json = put("coco.json", IMAGES + annotations + "]}");
    return new CocoInstances(json, folder.resolve("img"), LIMITS);
  }

  @Test
  void cocoInstances() throws IOException {
    CocoInstances set =
        coco(
            "{\"id\":1,\"image_id\":7,\"category_id\":90,\"iscrowd\":0,\"area\":3.5,"
                + "\"bbox\":[1.25,1,3,2],\"segmentation\":[[1,1,4,1,4,3,1,3]]},"
                + "{\"id\":2,\"image_id\":7,\"category_id\":4,\"iscrowd\":1,"
                + "\"segmentation\":{\"size\":[5,6],\"counts\":[5,2,23]}}");
    assertEquals(List.of("cat", "dog"), set.classes());
    assertEquals(2, set.size());
    assertEquals(3, set.get(0).id());
    assertTrue(set.get(0).instances().isEmpty());
    CocoInstances.Item item = set.get(1);
    assertEquals(2, item.image().at(0, 0, 0));
    CocoInstances.Instance polygon = item.instances().get(0);
    assertEquals(1, polygon.label());
    assertEquals(3.5, polygon.area());
    assertEquals(List.of(1.25, 1.0, 3.0, 2.0), polygon.box());
    assertEquals(6, polygon.mask().area());
    CocoInstances.Instance crowd = item.instances().get(1);
    assertTrue(crowd.crowd());
    assertEquals(2, crowd.area());
    assertEquals(List.of(1.0, 0.0, 1.0, 2.0), crowd.box());
  }

  @Test
  void cocoRefusesFilesThatAreNoCoco() throws IOException {
    Files.createDirectories(folder.resolve("img"));
    for (String json :
        List.of(
            "",
            "[]",
            "{",
            "{}",
            IMAGES,
            "{\"images\":[{\"id\":1}]}",
            "{\"images\":[{\"id\":1,\"file_name\":\"../x.png\",\"width\":1,\"height\":1}]}",
            "{\"images\":{\"1\":{\"id\":1}}}",
            "{\"images\":[{\"id\":1,\"file_name\":\"a.png\"}],\"annotations\":{}}",
            IMAGES + "{\"id\":1")) {
      Path file = put("bad.json", json);
      assertTrue(
          failure(() -> new CocoInstances(file, folder.resolve("img"), LIMITS))
              .contains("bad.json"),
          json);
    }
  }
}
