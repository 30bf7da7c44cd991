package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.PolygonRasteriser;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;

/** Training sources that are folders and annotation files: COCO, LVIS, label maps, images. */
class FolderSourcesTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);

  @TempDir Path folder;

  private Path put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private Path put(String name, String text) throws IOException {
    return put(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private SampleSource open(String format, String pattern, Map<String, String> settings) {
    return SampleSources.provider(format)
        .open(
            new SourceOptions("data.x", List.of(folder + "/" + pattern), LIMITS)
                .withSettings(settings));
  }

  private static List<SampleRef> list(SampleSource source) {
    List<SampleRef> refs = new ArrayList<>();
    source.shards().forEach(shard -> refs.addAll(source.list(shard)));
    return refs;
  }

  private static List<Sample> all(SampleSource source) {
    return list(source).stream().map(ref -> source.decode(source.read(ref))).toList();
  }

  private static byte[] grey(int width, int... values) throws IOException {
    int height = values.length / width;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSamples(0, 0, width, height, 0, values);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  private static String coco(String images, String annotations) {
    return "{\"info\":{\"images\":[1]},\"annotations\":["
        + annotations
        + "],\"licenses\":[],\"images\":["
        + images
        + "],\"categories\":[{\"id\":4,\"name\":\"cät\"}]}";
  }

  @Test
  void cocoInstancesInTheirOwnLayout() throws IOException {
    put("val2017/b.png", TestArchive.png(6, 5, 2));
    put("val2017/a.png", TestArchive.png(6, 5, 1));
    put(
        "annotations/instances_val2017.json",
        coco(
            "{\"id\":7,\"file_name\":\"b.png\",\"width\":6,\"height\":5},"
                + "{\"id\":3,\"file_name\":\"a.png\",\"width\":6,\"height\":5}",
            "{\"id\":1,\"image_id\":7,\"category_id\":4,\"note\":\"größer\",\"iscrowd\":0,"
                + "\"segmentation\":[[1,1,4,1,4,3,1,3]]},"
                + "{\"id\":2,\"image_id\":3,\"category_id\":4,"
                + "\"segmentation\":{\"size\":[5,6],\"counts\":[5,2,23]}},"
                + "{\"id\":5,\"image_id\":99,\"segmentation\":[]},"
                + "{\"id\":3,\"image_id\":7,\"iscrowd\":1,"
                + "\"segmentation\":{\"size\":[5,6],\"counts\":[30]}},"
                + "{\"id\":4,\"image_id\":7,\"segmentation\":{\"size\":[5,6],\"counts\":[0,30]}}"));
    List<Sample> samples = all(open("coco", "annotations/instances_val2017.json", Map.of()));
    assertEquals(List.of("a.png", "b.png"), samples.stream().map(Sample::key).toList());
    assertEquals(List.of(new RunLengthMask(5, 6, new int[] {5, 2, 23})), samples.get(0).masks());
    RunLengthMask polygon = PolygonRasteriser.polygon(new double[] {1, 1, 4, 1, 4, 3, 1, 3}, 5, 6);
    assertEquals(
        List.of(polygon, new RunLengthMask(5, 6, new int[] {0, 30})), samples.get(1).masks());
    assertNull(samples.get(0).text());
    UserError e =
        assertThrows(
            UserError.class, () -> open("coco", "annotations/*.json", Map.of("image", "val2017")));
    assertTrue(e.getMessage().contains("Did you mean 'images'?"), e.getMessage());
  }

  @Test
  void lvisNamesImagesByAddressAndCaptionsAreTexts() throws IOException {
    put("train2017/a.png", TestArchive.png(6, 5, 1));
    String url = "\"coco_url\":\"http://images.cocodataset.org/train2017/a.png\"";
    put(
        "annotations/lvis_v1_val.json",
        coco("{\"id\":3," + url + ",\"width\":6,\"height\":5}", ""));
    assertEquals("train2017/a.png", all(open("coco", "annotations", "lvis_v1_val")).get(0).key());
    put(
        "annotations/captions_train2017.json",
        coco(
            "{\"id\":3,\"file_name\":\"a.png\",\"width\":6,\"height\":5}",
            "{\"id\":1,\"image_id\":3,\"caption\":\" a dog \"},"
                + "{\"id\":2,\"image_id\":3,\"caption\":\"other\"}"));
    assertEquals("a dog", all(open("coco", "annotations", "captions_train2017")).get(0).text());
  }

  private SampleSource open(String format, String where, String stem) {
    return open(format, where + "/" + stem + ".json", Map.of());
  }

  @Test
  void aMissingImageIsOneBrokenSample() throws IOException {
    put("images/a.png", TestArchive.png(6, 5, 1));
    put(
        "annotations/x_y.json",
        coco(
            "{\"id\":1,\"file_name\":\"a.png\",\"width\":6,\"height\":5},"
                + "{\"id\":2,\"file_name\":\"b.png\",\"width\":6,\"height\":5},"
                + "{\"id\":3,\"file_name\":\"../../b.png\",\"width\":6,\"height\":5}",
            ""));
    List<SampleRef> refs = list(open("coco", "annotations", "x_y"));
    assertNull(refs.get(0).failure());
    assertEquals(Kind.UNREADABLE, refs.get(1).failure().kind());
    assertTrue(refs.get(2).failure().getMessage().contains("leaves"));
    Files.delete(folder.resolve("images/a.png"));
    assertTrue(
        assertThrows(UserError.class, () -> open("coco", "annotations", "x_y"))
            .getMessage()
            .contains("set images"));
  }

  @Test
  void panopticSegmentsAreMasks() throws IOException {
    put("val2017/a.png", TestArchive.png(3, 2, 9));
    // Numbers 1, 0 and 300 = 44 + 256.
    byte[] rgb = {1, 0, 0, 44, 1, 0, 0, 0, 0, 1, 0, 0, 44, 1, 0, 44, 1, 0};
    put("annotations/panoptic_val2017/a.png", new RgbImage(3, 2, rgb).toPng());
    String image = "{\"id\":3,\"file_name\":\"a.png\",\"width\":3,\"height\":2}";
    String annotation =
        "{\"image_id\":3,\"file_name\":\"a.png\",\"segments_info\":[{\"id\":300,\"iscrowd\":0},"
            + "{\"id\":1,\"iscrowd\":%d}]}";
    String json = "annotations/panoptic_val2017.json";
    put(json, coco(image, String.format(annotation, 0)));
    SampleSource source = open("coco", json, Map.of());
    assertEquals(
        List.of(
            RunLengthMask.encode(new byte[] {0, 1, 0, 0, 1, 1}, 2, 3),
            RunLengthMask.encode(new byte[] {1, 0, 0, 1, 0, 0}, 2, 3)),
        all(source).get(0).masks());
    put(json, coco(image, String.format(annotation, 1)));
    assertEquals(1, all(open("coco", json, Map.of())).get(0).masks().size());
    // One bad segment costs itself; ids as text are ids.
    put(
        json,
        coco(
            image,
            "{\"image_id\":\"3\",\"segments_info\":[{\"id\":2},{\"id\":\"300\"},{\"id\":null},"
                + "{\"id\":1,\"iscrowd\":{}}]}"));
    Sample sample = all(open("coco", json, Map.of())).get(0);
    assertEquals(
        List.of(RunLengthMask.encode(new byte[] {0, 1, 0, 0, 1, 1}, 2, 3)), sample.masks());
    assertEquals(
        List.of(Kind.EMPTY_MASK, Kind.BAD_ANNOTATION, Kind.BAD_ANNOTATION),
        sample.bad().stream().map(BadAnnotation::kind).toList());
    put(json, coco(image, "{\"image_id\":3}"));
    assertEquals("annotations[0]", all(open("coco", json, Map.of())).get(0).bad().get(0).entry());
    put("annotations/panoptic_val2017/a.png", TestArchive.png(2, 3, 1));
    assertEquals(Kind.BAD_MASK, failure(open("coco", json, Map.of())));
  }

  private static Kind failure(SampleSource source) {
    return assertThrows(BrokenSampleException.class, () -> all(source)).kind();
  }

  @ParameterizedTest
  @CsvSource({
    // VOC: 0 is background, 255 does not count.
    "255, false, 0 1 255, 0 1 255",
    // ADE20k: 0 does not count, class 0 is stored as 1.
    "255, true,  0 1 150, 255 0 149",
    "0,   false, 0 1 150, 255 1 150",
    "7,   true,  0 7 8,   255 255 7",
  })
  void labelConventions(String ignore, String reduce, String numbers, String classes)
      throws IOException {
    int[] values = numbers(numbers);
    put("seg/JPEGImages/a.png", TestArchive.png(3, 1, 9));
    put("seg/JPEGImages/b.png", TestArchive.png(3, 1, 9));
    put("seg/Class/a_map.png", grey(3, values));
    put("seg/sets/val.txt", "a\n");
    Map<String, String> settings =
        Map.of(
            "images", "JPEGImages",
            "labels", "Class",
            "suffix", "_map.png",
            "names", "sets/val.txt",
            "ignore", ignore,
            "reduce_zero_label", reduce);
    LabelLayout layout = LabelLayout.of(folder.resolve("seg"), settings, "x");
    char[] stored = new char[3];
    for (int i = 0; i < 3; i++) {
      stored[i] = (char) values[i];
    }
    LabelMap map = layout.classes(new StoredLabels(3, 1, stored), 255, "x");
    assertEquals(List.of(map.at(0, 0), map.at(1, 0), map.at(2, 0)), boxed(numbers(classes)));
    List<Sample> samples = all(open("label-maps", "seg", settings));
    assertEquals(1, samples.size());
    long counted = boxed(numbers(classes)).stream().filter(c -> c != 255).distinct().count();
    assertEquals(counted, samples.get(0).masks().size());
    // The same as an evaluation set, the settings in a file.
    StringBuilder lines = new StringBuilder("# VOC's folders\n");
    settings.forEach((key, value) -> lines.append(key).append(" = ").append(value).append('\n'));
    put("seg/layout.properties", lines.toString());
    put("seg/classes.txt", "class\n".repeat(200));
    LabelMapFolder set = new LabelMapFolder(folder.resolve("seg"), LIMITS);
    assertEquals(1, set.size());
    assertEquals(map.at(2, 0), set.get(0).labels().at(2, 0));
  }

  private static int[] numbers(String text) {
    return java.util.Arrays.stream(text.strip().split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  private static List<Integer> boxed(int[] values) {
    return java.util.Arrays.stream(values).boxed().toList();
  }

  @Test
  void labelSettingsAreChecked() throws IOException {
    put("seg/images/a.png", TestArchive.png(2, 1, 9));
    put("seg/labels/a.png", grey(2, 3, 4));
    Map<String, String> one = Map.of("ignroe", "0");
    String message =
        assertThrows(UserError.class, () -> open("label-maps", "seg", one)).getMessage();
    assertTrue(message.contains("Did you mean 'ignore'?"), message);
    for (Map<String, String> bad :
        List.of(
            Map.of("ignore", "65536"),
            Map.of("reduce_zero_label", "yes"),
            Map.of("labels", "nowhere"),
            Map.of("names", "none.txt"))) {
      assertThrows(UserError.class, () -> open("label-maps", "seg", bad), bad.toString());
    }
    put("seg/labels/a.png", grey(1, 3, 4));
    assertEquals(Kind.BAD_MASK, failure(open("label-maps", "seg", Map.of())));
  }

  @Test
  void imageFoldersAtAnyDepth() throws IOException {
    put("train/n01/x.JPEG", TestArchive.png(2, 2, 1));
    put("train/n02/x.png", TestArchive.png(2, 2, 2));
    put("train/n02/x.txt", "a cat");
    put("train/n02/deep/y.png", TestArchive.png(2, 2, 3));
    put("train/readme.txt", "no image");
    SampleSource source = open("image-folder", "train", Map.of());
    List<Sample> samples = all(source);
    assertEquals(
        List.of("n01/x.JPEG", "n02/x.png", "n02/deep/y.png"),
        samples.stream().map(Sample::key).toList());
    assertEquals("a cat", samples.get(1).text());
    assertNull(samples.get(2).text());
    assertEquals(3, samples.get(2).image().at(0, 0, 0));
    assertThrows(UserError.class, () -> open("image-folder", "train/readme.txt", Map.of()));
    Files.createDirectories(folder.resolve("empty"));
    assertThrows(UserError.class, () -> open("image-folder", "empty", Map.of()));
  }
}
