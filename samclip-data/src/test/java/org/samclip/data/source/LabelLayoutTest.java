package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.TestPng;

/** Label maps as training and as evaluation data, by the same options. */
class LabelLayoutTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);

  @TempDir Path folder;

  private void put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private void put(String name, String text) throws IOException {
    put(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private LabelMapFolder evaluation(Map<String, String> options) {
    return new LabelMapFolder(folder, options, LIMITS);
  }

  private List<Sample> training(Map<String, String> options) {
    SampleSource source =
        new LabelMapSource(
            new SourceOptions("data.sam", List.of(folder.toString()), LIMITS)
                .withSettings(options));
    return source.list(source.shards().get(0)).stream()
        .map(ref -> source.decode(source.read(ref)))
        .toList();
  }

  private static byte[] grey(int bits, boolean transparent, int... values) {
    return new TestPng(values.length, 1, bits, false, false, transparent).write(values);
  }

  private static byte[] rgb(int... colours) {
    byte[] bytes = new byte[3 * colours.length];
    for (int i = 0; i < colours.length; i++) {
      bytes[3 * i] = (byte) (colours[i] >> 16);
      bytes[3 * i + 1] = (byte) (colours[i] >> 8);
      bytes[3 * i + 2] = (byte) colours[i];
    }
    return new RgbImage(colours.length, 1, bytes).toPng();
  }

  private static List<Integer> labels(LabelMapFolder.Item item) {
    List<Integer> labels = new ArrayList<>();
    for (byte label : item.labels().labels()) {
      labels.add(label & 0xFF);
    }
    return labels;
  }

  /** Stored 0, 1 and 255, as Pillow reads a grey map whose tRNS chunk makes 0 transparent. */
  @Test
  void transparencyMeansNothing() throws IOException {
    put("images/a.png", TestArchive.png(4, 1, 9));
    put("labels/a.png", grey(8, true, 0, 1, 1, 255));
    put("classes.txt", "background\nbolt\n");
    assertEquals(List.of(0, 1, 1, 255), labels(evaluation(Map.of()).get(0)));
    assertEquals(
        List.of(
            RunLengthMask.encode(new byte[] {1, 0, 0, 0}, 1, 4),
            RunLengthMask.encode(new byte[] {0, 1, 1, 0}, 1, 4)),
        training(Map.of()).get(0).masks());
  }

  @Test
  void numbersOfSixteenBits() throws IOException {
    put("images/a.png", TestArchive.png(4, 1, 9));
    put("labels/a.png", grey(16, false, 0, 1, 65535, 255));
    put("classes.txt", "a\nb\n" + "x\n".repeat(253));
    Map<String, String> options = Map.of("ignore", "65535");
    BrokenSampleException e =
        assertThrows(BrokenSampleException.class, () -> evaluation(options).get(0));
    assertTrue(e.getMessage().contains("label 255, allowed: 0..254 (classes.txt) and 65535"));
    put("labels/a.png", grey(16, false, 0, 1, 65535, 254));
    assertEquals(List.of(0, 1, 255, 254), labels(evaluation(options).get(0)));
    // For masks any number is one.
    put("labels/a.png", grey(16, false, 0, 300, 65535, 255));
    assertEquals(3, training(options).get(0).masks().size());
    assertThrows(BrokenSampleException.class, () -> evaluation(options).get(0));
  }

  /** CamVid as it is handed on: both folders in one place, names the same. */
  @Test
  void optionsNameTheFoldersForTrainingAndEvaluationAlike() throws IOException {
    put("val/a.png", TestArchive.png(3, 1, 9));
    put("valannot/a.png", grey(8, false, 0, 1, 11));
    put("classes.txt", "c\n".repeat(11));
    Map<String, String> options = Map.of("images", "val", "labels", "valannot", "ignore", "11");
    assertEquals(List.of(0, 1, 255), labels(evaluation(options).get(0)));
    assertEquals(2, training(options).get(0).masks().size());
    // The same from a file, for both; an option comes first.
    put("layout.properties", "images = val\nlabels = valannot\nignore = 0\n");
    put("classes.txt", "c\n".repeat(12));
    assertEquals(List.of(255, 1, 11), labels(evaluation(Map.of()).get(0)));
    assertEquals(2, training(Map.of()).get(0).masks().size());
    assertEquals(List.of(0, 1, 255), labels(evaluation(Map.of("ignore", "11")).get(0)));
    UserError unknown = assertThrows(UserError.class, () -> evaluation(Map.of("label", "x")));
    assertTrue(unknown.getMessage().contains("Did you mean 'labels'?"), unknown.getMessage());
    put("layout.properties", "colors = x\n");
    unknown = assertThrows(UserError.class, () -> training(Map.of()));
    assertTrue(unknown.getMessage().contains("Did you mean 'colours'?"), unknown.getMessage());
  }

  /**
   * CamVid's own table, Kaggle's copy of it, Cityscapes with classes that share a number; names
   * with spaces and commas; names that are numbers, on either side.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "64 128 64\\tAnimal\\n192 0 128\\tArchway\\n0 0 0\\tVoid | 2 | 0 1 255 0",
        "name,r,g,b\\nAnimal,64,128,64\\nArchway,192,0,128\\nVoid,0,0,0 | 2 | 0 1 255 0",
        "64 128 64 1\\n192 0 128 1\\n0 0 0 9 | 9 | 1 1 255 1",
        "64,128,64\\n192,0,128\\n0,0,0 | 255 | 0 1 2 0",
        "name,r,g,b\\nBig animal,64,128,64\\n\"Arch, way\",192,0,128\\nVoid,0,0,0 | 2 | 0 1 255 0",
        "id,r,g,b\\n1,64,128,64\\n0,192,0,128\\n2,0,0,0 | 2 | 1 0 255 1",
        "red\\tgreen\\tblue\\tid\\n64\\t128\\t64\\t1\\n192\\t0\\t128\\t0\\n0\\t0\\t0\\t2 | 2 | 1 0 255 1",
        "64 128 64 Big animal\\n192 0 128 Archway\\n0 0 0 Void | 2 | 0 1 255 0",
      })
  void coloursByATable(String table, int ignore, String expected) throws IOException {
    put("images/a.png", TestArchive.png(4, 1, 9));
    put("labels/a.png", rgb(0x408040, 0xC00080, 0x000000, 0x408040));
    put("classes.txt", "a\nb\nc\n");
    put("table.txt", table.replace("\\n", "\n").replace("\\t", "\t"));
    Map<String, String> options = Map.of("colours", "table.txt", "ignore", "" + ignore);
    List<Integer> numbers = new ArrayList<>();
    for (String number : expected.split(" ")) {
      numbers.add(Integer.valueOf(number));
    }
    assertEquals(numbers, labels(evaluation(options).get(0)));
    assertEquals(
        numbers.stream().filter(n -> n != 255).distinct().count(),
        training(options).get(0).masks().size());
  }

  @Test
  void aColourThatIsNotInTheTableBreaksItsImage() throws IOException {
    put("images/a.png", TestArchive.png(3, 1, 9));
    put("labels/a.png", rgb(0x408040, 0x408041, 0x000000));
    put("classes.txt", "a\nb\n");
    put("t.txt", "64 128 64\n0 0 0\n");
    Map<String, String> options = Map.of("colours", "t.txt");
    BrokenSampleException e =
        assertThrows(BrokenSampleException.class, () -> evaluation(options).get(0));
    assertTrue(e.getMessage().contains("colour 64 128 65 at x 1, y 0 is not in"), e.getMessage());
    assertThrows(BrokenSampleException.class, () -> training(options));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "name\n",
        "1 2\n",
        "1 2 256 x\n",
        "1 2 3\n1 2 3\n",
        "1 2 3 65536\n",
        "a b c d\n1",
        "0 128 64 128 bolt\n",
        "id,r,g,b,name\n0,64,128,64,bolt\n",
        "1000 2 3\n"
      })
  void tablesThatAreNoneAreRefused(String table) throws IOException {
    put("t.txt", table);
    UserError e = assertThrows(UserError.class, () -> new ColourTable(folder.resolve("t.txt")));
    assertTrue(e.getMessage().contains("t.txt"), e.getMessage());
  }

  /** Cityscapes: a folder for each city, and endings that tell image and map. */
  @Test
  void foldersInFoldersAndSuffixes() throws IOException {
    for (String name : List.of("bonn/bonn_1", "ulm/ulm_1", "ulm/ulm_2")) {
      put("leftImg8bit/val/" + name + "_leftImg8bit.png", TestArchive.png(2, 1, 9));
      put("gtFine/val/" + name + "_gtFine_labelIds.png", grey(8, false, 7, 8));
    }
    put("leftImg8bit/val/ulm/preview.png", TestArchive.png(2, 1, 9));
    Map<String, String> options =
        Map.of(
            "images", "leftImg8bit/val",
            "labels", "gtFine/val",
            "image_suffix", "_leftImg8bit.png",
            "suffix", "_gtFine_labelIds.png");
    assertEquals(
        List.of("bonn/bonn_1", "ulm/ulm_1", "ulm/ulm_2"),
        training(options).stream().map(Sample::key).toList());
    put("classes.txt", "c\n".repeat(20));
    assertEquals(3, evaluation(options).size());
    assertArrayEquals(new byte[] {7, 8}, evaluation(options).get(2).labels().labels());
    UserError e =
        assertThrows(
            UserError.class,
            () ->
                evaluation(
                    Map.of(
                        "images",
                        "leftImg8bit/val",
                        "labels",
                        "gtFine/val",
                        "image_suffix",
                        "_left.png")));
    assertTrue(e.getMessage().contains("whose name ends with _left.png"), e.getMessage());
  }

  @Test
  void aListOfNamesWithEndingsSaysSo() throws IOException {
    put("images/a.png", TestArchive.png(2, 1, 9));
    put("labels/a.png", grey(8, false, 0, 1));
    put("classes.txt", "a\nb\n");
    Map<String, String> options = Map.of("names", "val.txt");
    put("val.txt", "a.png\n");
    UserError e = assertThrows(UserError.class, () -> evaluation(options));
    assertTrue(e.getMessage().contains("a.png is no image's without suffix"), e.getMessage());
    put("val.txt", "a\nb\n");
    e = assertThrows(UserError.class, () -> training(options));
    assertTrue(e.getMessage().contains("its name b is no image's"), e.getMessage());
  }
}
