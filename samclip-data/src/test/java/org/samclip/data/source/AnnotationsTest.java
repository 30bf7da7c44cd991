package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;

/**
 * COCO and SA-1B files as people have them: two images of three rectangles each, of which the
 * second one of the second image (the file's {@code annotations[4]}) is changed. Training,
 * evaluation and packing must agree on what is good. Areas are those of pycocotools 2.0.11's {@code
 * COCO.annToRLE}; what it raises an error for is a bad annotation here.
 */
class AnnotationsTest {

  private static final int WIDTH = 64;
  private static final int HEIGHT = 48;
  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);

  /** The rectangle that is changed: x 20..30, y 6..18. */
  private static final String SOUND = "\"segmentation\":[[20,6,30,6,30,18,20,18]]";

  private static final String GOOD = "[5,6,15,6,15,18,5,18]";

  @TempDir Path folder;

  private static String annotation(int number) {
    int x = 5 + 15 * (number % 3);
    String corners = String.format("%d,6,%d,6,%d,18,%d,18", x, x + 10, x + 10, x);
    return String.format(
        "{\"id\":%d,\"image_id\":%d,\"category_id\":3,\"bbox\":[%d,6,10,12],\"area\":120.0,"
            + "\"iscrowd\":0,\"segmentation\":[[%s]]}",
        number + 1, number / 3 + 1, x, corners);
  }

  private static String file(UnaryOperator<String> change) {
    List<String> annotations = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      annotations.add(i == 4 ? change.apply(annotation(i)) : annotation(i));
    }
    return "{\"images\":["
        + "{\"id\":1,\"file_name\":\"a.png\",\"width\":64,\"height\":48},"
        + "{\"id\":2,\"file_name\":\"b.png\",\"width\":64,\"height\":48}],"
        + "\"categories\":[{\"id\":3,\"name\":\"bolt\"}],\"annotations\":["
        + String.join(",\n", annotations)
        + "]}";
  }

  private Path write(String json) throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    Files.write(images.resolve("a.png"), TestArchive.png(WIDTH, HEIGHT, 1));
    Files.write(images.resolve("b.png"), TestArchive.png(WIDTH, HEIGHT, 2));
    return Files.writeString(folder.resolve("instances.json"), json);
  }

  private CocoInstances instances(String json) throws IOException {
    return new CocoInstances(write(json), folder.resolve("images"), LIMITS);
  }

  private List<Sample> training(String json) throws IOException {
    String file = write(json).toString();
    SampleSource source = new CocoSource(new SourceOptions("data.sam", List.of(file), LIMITS));
    return source.list(source.shards().get(0)).stream()
        .map(ref -> source.decode(source.read(ref)))
        .toList();
  }

  /** The second image as training, packing and evaluation see it, after a look that they agree. */
  private Sample second(String json) throws IOException {
    Sample trained = training(json).get(1);
    assertEquals(3, training(json).get(0).masks().size());
    CocoInstances set = instances(json);
    Sample packed = set.sample(1);
    CocoInstances.Item evaluated = set.get(1);
    assertEquals(trained.masks(), packed.masks());
    assertEquals(
        trained.masks(),
        evaluated.instances().stream()
            .filter(object -> !object.crowd())
            .map(CocoInstances.Instance::mask)
            .toList());
    for (List<BadAnnotation> bad : List.of(packed.bad(), evaluated.bad())) {
      assertEquals(kinds(trained.bad()), kinds(bad));
      bad.forEach(one -> assertTrue(one.message().contains("instances.json"), one.message()));
    }
    return trained;
  }

  private static List<String> kinds(List<BadAnnotation> bad) {
    return bad.stream().map(one -> one.entry() + " " + one.kind()).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[[10.5,8.0,14.25,9.5]]                     | BAD_MASK",
        "[[3,3]]                                    | BAD_MASK",
        "[[]]                                       | BAD_MASK",
        "[[1,2,30,30,4]]                            | BAD_MASK",
        "[]                                         | NO_MASK",
        "{}                                         | NO_MASK",
        "null                                       | NO_MASK",
        "{\"size\":[48,64],\"counts\":null}         | NO_MASK",
        "[[5.1,5.1,5.2,5.1,5.2,5.2]]                | EMPTY_MASK",
        "[[100,100,120,100,120,120]]                | EMPTY_MASK",
        "[[5,5,20,20,5,5]]                          | EMPTY_MASK",
        "{\"size\":[48,64],\"counts\":[3072]}       | EMPTY_MASK",
        "[5,6,15,6,15,18,5,18]                      | BAD_ANNOTATION",
        "[GOOD,null]                                | BAD_ANNOTATION",
        "[GOOD,[\"a\",2,3,4,5,6]]                   | BAD_ANNOTATION",
        "[[NaN,6,15,6,15,18]]                       | BAD_ANNOTATION",
        "[[5,6,15,-Infinity,15,18]]                 | BAD_ANNOTATION",
        "[[5,6,15,1e300,15,18]]                     | BAD_MASK",
        "7                                          | BAD_ANNOTATION",
        "true                                       | BAD_ANNOTATION",
        "\"[[5,6,15,6,15,18]]\"                     | BAD_ANNOTATION",
        "{\"size\":[64,48],\"counts\":[3072]}       | BAD_MASK",
        "{\"size\":[48,64],\"counts\":[300,900,4000]} | BAD_MASK",
        "{\"size\":[48,64],\"counts\":[300.7,900,1872]} | BAD_ANNOTATION",
        "{\"size\":[48,null],\"counts\":[3072]}     | BAD_ANNOTATION",
        "{\"size\":[48,64],\"counts\":{}}           | BAD_ANNOTATION",
      })
  void aBadMaskCostsItsAnnotationOnly(String segmentation, Kind kind) throws IOException {
    String json =
        file(a -> a.replace(SOUND, "\"segmentation\":" + segmentation.replace("GOOD", GOOD)));
    Sample sample = second(json);
    assertEquals(2, sample.masks().size());
    assertEquals(List.of("annotations[4] " + kind), kinds(sample.bad()));
    String message = sample.bad().get(0).message();
    assertTrue(message.startsWith("b.png, annotations[4]: "), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        // An odd part beside a good one draws nothing.
        "[GOOD,[10.5,8,30,40]]                                    | 120",
        "[GOOD,[40,40]]                                           | 120",
        "[GOOD,[]]                                                | 120",
        "[GOOD,[1,2,30,30,4]]                                     | 120",
        // pycocotools refuses the same parts in another order; no order is meant by the format.
        "[[10.5,8,30,40],GOOD]                                    | 120",
        // A number without its partner is not read.
        "[[5,6,15,6,15,18,9]]                                     | 58",
        "[[5,6,15,6,15,18,5,18,3]]                                | 120",
        "[[-5,-6,15,-6,15,18,-5,18]]                              | 270",
        "[[\"5\",\"6\",\"15.0\",\"6\",\"15\",\"1.8e1\",\"5\",\"18\"]] | 120",
        "{\"size\":[48,64],\"counts\":[300.0,900.0,1872.0]}       | 900",
        "{\"size\":[48,64],\"counts\":[\"300\",\"900\",\"1872\"]} | 900",
        "[{\"size\":[48,64],\"counts\":[300,900,1872]},{\"size\":[48,64],\"counts\":[0,10,3062]}]"
            + " | 910",
        // pycocotools refuses a size that is text; it can only mean this.
        "{\"size\":[\"48\",\"64\"],\"counts\":[300,900,1872]}     | 900",
      })
  void drawsWhatPycocotoolsDraws(String segmentation, int area) throws IOException {
    String json =
        file(a -> a.replace(SOUND, "\"segmentation\":" + segmentation.replace("GOOD", GOOD)));
    Sample sample = second(json);
    assertEquals(List.of(), sample.bad());
    assertEquals(area, sample.masks().get(1).area());
  }

  @Test
  void anAnnotationWithoutASegmentationIsBad() throws IOException {
    assertEquals(
        List.of("annotations[4] NO_MASK"),
        kinds(second(file(a -> a.replace("," + SOUND, ""))).bad()));
  }

  /** As Python reads {@code bool(x["iscrowd"])}, but for text, of which "0" is true there. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0     | 3 | 0",
        "0.0   | 3 | 0",
        "'\"0\"' | 3 | 0",
        "null  | 3 | 0",
        "false | 3 | 0",
        "1     | 2 | 0",
        "1.0   | 2 | 0",
        "'\"1\"' | 2 | 0",
        "true  | 2 | 0",
        "{}    | 2 | 1",
        "[1]   | 2 | 1",
        "NaN   | 2 | 1",
        "0.5   | 2 | 1",
        "'\"yes\"' | 2 | 1",
      })
  void crowds(String value, int masks, int bad) throws IOException {
    Sample sample = second(file(a -> a.replace("\"iscrowd\":0", "\"iscrowd\":" + value)));
    assertEquals(masks, sample.masks().size());
    assertEquals(bad, sample.bad().size());
    if (bad > 0) {
      String message = sample.bad().get(0).message();
      assertTrue(message.contains("annotations[4]: \"iscrowd\" is "), message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[\"20\",\"6\",\"10\",\"12.0\"]  | 20 6 10 12",
        "[20.5,6,10.25,12]               | 20.5 6 10.25 12",
        "[-3,-3,10,12]                   | -3 -3 10 12",
        // The mask's own: none is stated, or one without a pixel of the image.
        "null                            | 20 6 10 12",
        "[]                              | 20 6 10 12",
        "[606.0,571.0,0.0,-24.0]         | 20 6 10 12",
        "[20,6,-10,12]                   | 20 6 10 12",
        "[20,6,0,0]                      | 20 6 10 12",
        "[64,6,10,12]                    | 20 6 10 12",
        "[-20,6,20,12]                   | 20 6 10 12",
      })
  void boxes(String box, String expected) throws IOException {
    CocoInstances set = instances(file(a -> a.replace("[20,6,10,12]", box)));
    List<CocoInstances.Instance> objects = set.get(1).instances();
    List<Double> numbers = new ArrayList<>();
    for (String number : expected.split(" ")) {
      numbers.add(Double.valueOf(number));
    }
    assertEquals(numbers, objects.get(1).box());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"x\":20,\"y\":6,\"w\":10,\"h\":12}",
        "[20,6,10]",
        "[20,6,10,null]",
        "[20,6,10,\"wide\"]",
        "[20,6,NaN,12]",
        "[20,6,Infinity,12]",
        "[20,6,10,[12]]",
        "\"20,6,10,12\"",
        "12",
      })
  void aBoxThatMeansNothingIsRefusedWhereBoxesAreRead(String box) throws IOException {
    String json = file(a -> a.replace("[20,6,10,12]", box));
    CocoInstances.Item item = instances(json).get(1);
    assertEquals(2, item.instances().size());
    assertEquals(List.of("annotations[4] BAD_ANNOTATION"), kinds(item.bad()));
    String message = item.bad().get(0).message();
    assertTrue(message.contains("instances.json, annotations[4]: \"bbox\" is "), message);
    assertTrue(message.contains("allowed: [x, y, width, height]"), message);
    // Masks do not need it.
    assertEquals(3, training(json).get(1).masks().size());
    assertEquals(3, instances(json).sample(1).masks().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"'\"95.5\"'|95.5", "95|95", "null|120", "NaN|120", "-Infinity|120", "-4|120"})
  void areas(String area, double expected) throws IOException {
    CocoInstances set =
        instances(file(a -> a.replace("\"area\":120.0", "\"score\":NaN,\"area\":" + area)));
    assertEquals(expected, set.get(1).instances().get(1).area());
    assertEquals(List.of(), set.get(1).bad());
  }

  @ParameterizedTest
  @CsvSource({"area, [120]", "area, '\"big\"'", "category_id, {}", "category_id, 2.5", "id, [7]"})
  void otherFieldsThatMeanNothingAreRefusedByName(String field, String value) throws IOException {
    String json =
        file(a -> a.replaceFirst("\"" + field + "\":[^,]*", "\"" + field + "\":" + value));
    CocoInstances.Item item = instances(json).get(1);
    assertEquals(List.of("annotations[4] BAD_ANNOTATION"), kinds(item.bad()));
    assertTrue(
        item.bad().get(0).message().contains("annotations[4]: \"" + field + "\" is "),
        item.bad().get(0).message());
    assertEquals(3, training(json).get(1).masks().size());
  }

  @Test
  void categoriesAreNotNeededForMasks() throws IOException {
    String json = file(a -> a.replace("\"category_id\":3", "\"category_id\":77"));
    assertEquals(-1, instances(json).get(1).instances().get(1).label());
    assertEquals(0, instances(json).get(1).instances().get(0).label());
    String none = json.replace("\"categories\":[{\"id\":3,\"name\":\"bolt\"}],", "");
    assertEquals(List.of(), instances(none).classes());
    assertEquals(3, second(none).masks().size());
    String odd = json.replace("{\"id\":3,\"name\":\"bolt\"}", "null,{\"id\":3},{\"id\":{}}");
    assertEquals(List.of("category 3"), instances(odd).classes());
    assertEquals(3, second(odd).masks().size());
  }

  /** Pairs of spellings of an image's id, in images and in annotations. */
  @ParameterizedTest
  @CsvSource({
    "'\"2\"', '\"2\"'",
    "2, '\"2\"'",
    "2.0, 2",
    "'\"000002\"', 2",
    "2e0, '\"2.0\"'",
    "18446744073709551615, 18446744073709551615",
    "18446744073709551615, '\"18446744073709551615\"'",
    "-9, -9",
    "'\"left/../b 2.x\"', '\"left/../b 2.x\"'",
  })
  void idsOfAnyKindPair(String ofImage, String ofAnnotation) throws IOException {
    String json =
        file(a -> a)
            .replace("{\"id\":2,\"file_name\"", "{\"id\":" + ofImage + ",\"file_name\"")
            .replace("\"image_id\":2,", "\"image_id\":" + ofAnnotation + ",");
    List<Sample> samples = training(json);
    assertEquals(2, samples.size());
    samples.forEach(sample -> assertEquals(3, sample.masks().size(), sample.key()));
    CocoInstances set = instances(json);
    for (int i = 0; i < 2; i++) {
      assertEquals(3, set.get(i).instances().size());
    }
  }

  @Test
  void imagesComeInTheOrderOfTheirNumbers() throws IOException {
    StringBuilder images = new StringBuilder();
    for (String id : List.of("\"x\"", "\"10\"", "9", "18446744073709551615", "-1", "\"a\"")) {
      String text = id.replace("\"", "");
      images.append("{\"id\":").append(id).append(",\"file_name\":\"").append(text).append("\"},");
    }
    Path json =
        Files.writeString(
            folder.resolve("x.json"),
            "{\"images\":[" + images.substring(0, images.length() - 1) + "]}");
    assertEquals(
        List.of("-1", "9", "10", "18446744073709551615", "a", "x"),
        new CocoIndex(json).images().stream().map(CocoIndex.Image::file).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "[2]", "true", "2.5", "NaN", "\"\"", "99", "\"none\""})
  void anAnnotationOfNoImageCostsItself(String imageId) throws IOException {
    String json = file(a -> a.replace("\"image_id\":2", "\"image_id\":" + imageId));
    assertEquals(2, second(json).masks().size());
  }

  @Test
  void anAnnotationThatIsNoObjectOrHasNoIdCostsItself() throws IOException {
    assertEquals(2, second(file(a -> "null")).masks().size());
    assertEquals(2, second(file(a -> "[1,{\"image_id\":2}]")).masks().size());
    Sample sample = second(file(a -> a.replace("\"id\":5,", "")));
    assertEquals(3, sample.masks().size());
    assertEquals(
        4, instances(file(a -> a.replace("\"id\":5,", ""))).get(1).instances().get(1).id());
  }

  @Test
  void idsThatAreTheSameAreRefused() throws IOException {
    String json = file(a -> a).replace("{\"id\":2,\"file_name\"", "{\"id\":\"1\",\"file_name\"");
    UserError e = assertThrows(UserError.class, () -> instances(json));
    assertTrue(e.getMessage().contains("image id 1 is there twice"), e.getMessage());
  }

  @Test
  void anImageWithANameThatNoFileHasIsBroken() throws IOException {
    String json = file(a -> a).replace("\"b.png\"", "\"b\\u0000.png\"");
    CocoInstances set = instances(json);
    BrokenSampleException e = assertThrows(BrokenSampleException.class, () -> set.sample(1));
    assertTrue(e.getMessage().contains("\"file_name\" is no file's name"), e.getMessage());
    e = assertThrows(BrokenSampleException.class, () -> training(json));
    assertEquals(Kind.BAD_ANNOTATION, e.kind());
    SourceOptions options = new SourceOptions("d", List.of(write(json).toString()), LIMITS);
    assertEquals(List.of(), new CocoSource(options).leftOut().entries());
  }

  @ParameterizedTest
  @CsvSource({"64.0, 48.0", "'\"64\"', '\"48\"'", "null, 48"})
  void sizesOfImagesAreConverted(String width, String height) throws IOException {
    String sizes = "\"width\":" + width + ",\"height\":" + height;
    assertEquals(
        3, second(file(a -> a).replace("\"width\":64,\"height\":48", sizes)).masks().size());
  }

  @ParameterizedTest
  @CsvSource({
    "'\"width\":64', '\"width\":{}', '\"width\" is an object'",
    "'\"width\":64', '\"width\":0', '\"width\" is 0'",
    "'\"height\":48', '\"height\":47.5', '\"height\" is 47.5'",
    "'\"id\":2', '\"id\":null', '\"id\" is null'",
    "'\"file_name\":\"b.png\"', '\"file_name\":7', '\"file_name\" is 7'",
    "'\"height\":48', '\"height\":24', 'the annotation file says 64 x 24'",
  })
  void anImageOfWhichTheFileStatesNonsenseIsBroken(String sound, String bad, String message)
      throws IOException {
    String image = "{\"id\":2,\"file_name\":\"b.png\",\"width\":64,\"height\":48}";
    String json = file(a -> a).replace(image, image.replace(sound, bad));
    SampleSource source =
        new CocoSource(new SourceOptions("c", List.of(write(json).toString()), LIMITS));
    List<SampleRef> refs = source.list(source.shards().get(0));
    assertEquals(2, refs.size());
    CocoInstances set = instances(json);
    int broken = 0;
    for (int i = 0; i < 2; i++) {
      int item = i;
      try {
        assertEquals(3, source.decode(source.read(refs.get(i))).masks().size());
        assertEquals(3, set.get(i).instances().size());
      } catch (BrokenSampleException e) {
        broken++;
        assertEquals(Kind.BAD_ANNOTATION, e.kind());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertThrows(BrokenSampleException.class, () -> set.get(item));
        assertThrows(BrokenSampleException.class, () -> set.sample(item));
      }
    }
    assertEquals(1, broken);
  }

  @Test
  void numbersThatAreNoneInFieldsThatNobodyReads() throws IOException {
    String json =
        file(a -> a.replace("\"area\":120.0", "\"area\":NaN,\"score\":-Infinity,\"x\":[NaN]"))
            .replace("{\"images\"", "{\"info\":{\"version\":NaN,\"a\":[Infinity]},\"images\"");
    assertEquals(3, second(json).masks().size());
  }

  @Test
  void nullMasksOfSa1bCostThemselves() throws IOException {
    String good = "{\"segmentation\":{\"size\":[48,64],\"counts\":[300,900,1872]},\"area\":NaN}";
    TestArchive archive = new TestArchive();
    List<String> bad =
        List.of(
            "{\"segmentation\":null}",
            "{\"id\":7}",
            "null",
            "{\"segmentation\":{\"size\":[48,64],\"counts\":null}}",
            "{\"segmentation\":{\"size\":[48,64],\"counts\":\"\"}}",
            "{\"segmentation\":{\"size\":[48,64],\"counts\":[3072]}}");
    for (int i = 0; i < bad.size(); i++) {
      archive.add("sa_" + i + ".png", TestArchive.png(WIDTH, HEIGHT, i));
      archive.add(
          "sa_" + i + ".json",
          "{\"image\":{\"image_id\":null,\"width\":\"x\"},\"annotations\":["
              + good
              + ","
              + bad.get(i)
              + ","
              + good
              + "]}");
    }
    archive.write(folder.resolve("sa.tar"));
    Sa1bSource source = new Sa1bSource("sam", List.of(folder.resolve("sa.tar").toString()), LIMITS);
    List<Kind> kinds = new ArrayList<>();
    for (SampleRef ref : source.list(source.shards().get(0))) {
      Sample sample = source.decode(source.read(ref));
      RunLengthMask mask = new RunLengthMask(48, 64, new int[] {300, 900, 1872});
      assertEquals(List.of(mask, mask), sample.masks());
      assertEquals(1, sample.bad().size());
      assertEquals("annotations[1]", sample.bad().get(0).entry());
      kinds.add(sample.bad().get(0).kind());
    }
    assertEquals(
        List.of(
            Kind.NO_MASK, Kind.NO_MASK, Kind.NO_MASK, Kind.NO_MASK, Kind.BAD_MASK, Kind.EMPTY_MASK),
        kinds);
  }
}
