package org.samclip.data.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;

class SceneWriterTest {

  private static final int SIZE = 48;
  private static final SceneSetOptions OPTIONS =
      new SceneSetOptions(5, SIZE, 30, 20, Nouns.DISTILLED, 160, 12, SceneOptions.defaults());

  @TempDir Path folder;
  private final ObjectMapper mapper = new ObjectMapper();
  private final SceneGenerator generator =
      new SceneGenerator(5, SIZE, SceneOptions.defaults(), Nouns.DISTILLED);
  private final List<String> labels = SpriteLibrary.embedded().labels();

  @Test
  void filesDoNotDependOnTheNumberOfThreads() throws Exception {
    Path one = folder.resolve("one");
    Path four = folder.resolve("four");
    new SceneWriter(OPTIONS, 1).write(one, SceneProgress.SILENT);
    new SceneWriter(OPTIONS, 4).write(four, SceneProgress.SILENT);
    try (Stream<Path> files = Files.walk(one)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path same = four.resolve(one.relativize(file));
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(same), file.toString());
      }
    }
    JsonNode manifest = mapper.readTree(one.resolve("manifest.json").toFile());
    int listed = 0;
    for (JsonNode entry : manifest.get("files")) {
      byte[] content = Files.readAllBytes(one.resolve(entry.get("path").asText()));
      assertEquals(entry.get("bytes").asLong(), content.length);
      assertEquals(
          entry.get("sha256").asText(),
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
      listed++;
    }
    try (Stream<Path> files = Files.walk(one)) {
      assertEquals(listed + 1, files.filter(Files::isRegularFile).count());
    }
    try (Stream<Path> siblings = Files.list(folder)) {
      assertEquals(2, siblings.count(), "nothing is left beside the sets");
    }
  }

  @Test
  void setIsInTheFormatsThatTheSourcesRead() throws Exception {
    Path out = folder.resolve("set");
    assertTrue(new SceneWriter(OPTIONS).write(out, SceneProgress.SILENT));

    Map<String, byte[]> clip = untar(out.resolve("clip/clip-00000.tar"));
    assertEquals(60, clip.size());
    for (int i = 0; i < 30; i++) {
      String key = String.format("%08d", i);
      Scene scene = generator.captioned(SceneSplit.TRAIN, i);
      assertEquals(scene.caption(), new String(clip.get(key + ".txt"), StandardCharsets.UTF_8));
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(clip.get(key + ".jpg")));
      assertEquals(SIZE, image.getWidth());
    }

    Map<String, byte[]> sam = untar(out.resolve("sam/sa_000000.tar"));
    assertEquals(40, sam.size());
    for (int i = 0; i < 20; i++) {
      Scene scene = generator.scene(SceneSplit.TRAIN, i);
      JsonNode json = mapper.readTree(sam.get("sa_" + (i + 1) + ".json"));
      assertEquals("sa_" + (i + 1) + ".jpg", json.at("/image/file_name").asText());
      assertEquals(scene.objects().size(), json.get("annotations").size());
      for (int k = 0; k < scene.objects().size(); k++) {
        JsonNode annotation = json.get("annotations").get(k);
        RunLengthMask mask = mask(annotation.get("segmentation"));
        assertEquals(scene.objects().get(k).visible(), mask);
        assertEquals(mask.area(), annotation.get("area").asInt());
        int x = annotation.at("/point_coords/0/0").asInt();
        int y = annotation.at("/point_coords/0/1").asInt();
        assertEquals(1, mask.decode()[y * SIZE + x], "the point is inside");
      }
    }

    for (SceneSplit split : List.of(SceneSplit.VALIDATION, SceneSplit.TEST)) {
      requireEvaluationSets(out.resolve(split.key()));
    }
    requireCrops(out.resolve("train"));
    Scene first = generator.crop(SceneSplit.TRAIN, 0, 0);
    String file = "train/classes/" + labels.get(0) + "/000000.png";
    assertArrayEquals(first.image().toPng(), Files.readAllBytes(out.resolve(file)));
    assertTrue(Files.readString(out.resolve("NOTICE")).contains("Microsoft"));
  }

  private void requireEvaluationSets(Path out) throws IOException {
    JsonNode instances = mapper.readTree(out.resolve("instances/instances.json").toFile());
    assertEquals(12, instances.get("images").size());
    assertEquals(80, instances.get("categories").size());
    List<String> names = Files.readAllLines(out.resolve("semantic/classes.txt"));
    assertEquals(81, names.size());
    assertEquals("background", names.get(0));
    for (JsonNode annotation : instances.get("annotations")) {
      String file = String.format("%06d.png", annotation.get("image_id").asInt() - 1);
      int category = annotation.get("category_id").asInt();
      assertEquals(labels.get(category - 1), names.get(category));
      BufferedImage map = ImageIO.read(out.resolve("semantic/labels/" + file).toFile());
      byte[] mask = mask(annotation.get("segmentation")).decode();
      for (int p = 0; p < mask.length; p++) {
        int value = map.getRaster().getSample(p % SIZE, p / SIZE, 0);
        assertEquals(mask[p] != 0, value == category, "labels and instances agree");
      }
    }
    requireCrops(out);
  }

  private void requireCrops(Path out) throws IOException {
    for (String label : labels) {
      try (Stream<Path> crops = Files.list(out.resolve("classes").resolve(label))) {
        assertEquals(2, crops.count(), label);
      }
    }
    List<String> heldOut = Files.readAllLines(out.resolve("heldout.txt"));
    assertEquals(16, heldOut.size());
    assertTrue(labels.containsAll(heldOut));
  }

  @Test
  void sameSetIsKeptAndAnotherIsRefused() throws Exception {
    Path out = folder.resolve("set");
    SceneSetOptions few =
        new SceneSetOptions(1, 32, 4, 3, Nouns.ALL, 0, 2, SceneOptions.defaults());
    assertTrue(new SceneWriter(few).write(out, SceneProgress.SILENT));
    assertFalse(new SceneWriter(few).write(out, SceneProgress.SILENT));

    SceneSetOptions other =
        new SceneSetOptions(1, 48, 4, 3, Nouns.ALL, 0, 2, SceneOptions.defaults());
    UserError different =
        assertThrows(
            UserError.class, () -> new SceneWriter(other).write(out, SceneProgress.SILENT));
    assertTrue(different.getMessage().contains("size 32"), different.getMessage());
    assertTrue(different.getMessage().contains("another folder"), different.getMessage());

    Files.delete(out.resolve("sam/sa_000000.tar"));
    UserError missing =
        assertThrows(UserError.class, () -> new SceneWriter(few).write(out, SceneProgress.SILENT));
    assertTrue(missing.getMessage().contains("sam/sa_000000.tar"), missing.getMessage());

    Files.writeString(folder.resolve("mine.txt"), "text");
    assertThrows(UserError.class, () -> new SceneWriter(few).write(folder, SceneProgress.SILENT));
    assertTrue(Files.exists(folder.resolve("mine.txt")));
  }

  @Test
  void folderThatCannotBeMadeIsAUserError() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "text");
    UserError error =
        assertThrows(
            UserError.class,
            () -> new SceneWriter(OPTIONS).write(file.resolve("set"), SceneProgress.SILENT));
    assertTrue(error.getMessage().contains("file"), error.getMessage());
    assertThrows(UserError.class, () -> new SceneWriter(OPTIONS).write(file, SceneProgress.SILENT));
    assertThrows(
        UserError.class,
        () -> new SceneSetOptions(1, 8, 1, 1, Nouns.ALL, 1, 1, SceneOptions.defaults()));
  }

  @Test
  void interruptedRunLeavesNothing() throws Exception {
    Path out = folder.resolve("set");
    AtomicInteger heard = new AtomicInteger();
    assertThrows(
        InterruptedIOException.class,
        () ->
            new SceneWriter(OPTIONS)
                .write(
                    out,
                    (part, done, total) -> {
                      if (heard.incrementAndGet() == 40) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    assertTrue(Thread.interrupted());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(0, left.count());
    }
    Files.createDirectories(folder.resolve(".set.part/clip"));
    Files.writeString(folder.resolve(".set.part/clip/clip-00000.tar"), "half of a shard");
    assertTrue(new SceneWriter(OPTIONS).write(out, SceneProgress.SILENT));
    assertEquals(60, untar(out.resolve("clip/clip-00000.tar")).size());
  }

  private static RunLengthMask mask(JsonNode node) {
    return RunLengthMask.ofCompressedString(
        node.at("/size/0").asInt(), node.at("/size/1").asInt(), node.get("counts").asText());
  }

  private static Map<String, byte[]> untar(Path file) throws IOException {
    Map<String, byte[]> content = new TreeMap<>();
    try (InputStream in = Files.newInputStream(file);
        TarArchiveInputStream tar = new TarArchiveInputStream(in)) {
      for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
        content.put(entry.getName(), tar.readAllBytes());
      }
    }
    return content;
  }
}
