package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Text files as Windows programs save them, with a byte order mark, mean what they mean without: as
 * Python reads them with the codecs {@code utf-8-sig} and {@code utf-16}.
 */
class TextMarkTest {

  private static final DataLimits LIMITS = DataLimits.DEFAULT;

  @TempDir Path folder;

  private static byte[] saved(String charset, String text) {
    return ("\uFEFF" + text).getBytes(Charset.forName(charset));
  }

  private Path put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static byte[] labels(int... values) throws IOException {
    BufferedImage image = new BufferedImage(values.length, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSamples(0, 0, values.length, 1, 0, values);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void classNames(String charset) throws IOException {
    put("set/n01/a.png", TestArchive.png(2, 2, 1));
    put("set/n02/a.png", TestArchive.png(2, 2, 2));
    put("set/classes.txt", saved(charset, "n01\tred\r\nn02\tblue\r\n"));
    assertEquals(List.of("red", "blue"), new ClassFolders(folder.resolve("set"), LIMITS).classes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void aLabelMapsLayoutNamesAndClasses(String charset) throws IOException {
    for (String name : List.of("a", "b")) {
      put("seg/photos/" + name + ".png", TestArchive.png(3, 1, 9));
      put("seg/labels/" + name + ".png", labels(0, 7, 1));
    }
    put("seg/layout.properties", saved(charset, "images = photos\nnames = val.txt\nignore = 7\n"));
    put("seg/val.txt", saved(charset, "b\n"));
    put("seg/classes.txt", saved(charset, "sky\nsea\n"));
    LabelMapFolder set = new LabelMapFolder(folder.resolve("seg"), LIMITS);
    assertEquals(List.of("sky", "sea"), set.classes());
    assertEquals(1, set.size());
    assertEquals("b", set.get(0).key());
    LabelMapSource source =
        new LabelMapSource(
            new SourceOptions("s", List.of(folder + "/seg"), LIMITS)
                .withSettings(Map.of("images", "photos", "names", "val.txt", "ignore", "7")));
    assertEquals(1, source.list(source.shards().get(0)).size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void captions(String charset) throws IOException {
    byte[] caption = saved(charset, "ein Käfer\r\n");
    byte[] json = saved(charset, "{\"caption\": \"ein Käfer\"}");
    put("tars/x.tar", new byte[0]);
    new TestArchive()
        .add("1.png", TestArchive.png(1, 1, 1))
        .add("1.txt", caption)
        .add("2.png", TestArchive.png(1, 1, 1))
        .add("2.json", json)
        .write(folder.resolve("tars/x.tar"));
    put("images/1.png", TestArchive.png(1, 1, 1));
    put("images/1.txt", caption);
    for (String source : List.of("webdataset tars", "image-folder images")) {
      String[] parts = source.split(" ");
      SampleSource opened =
          SampleSources.provider(parts[0])
              .open(
                  new SourceOptions(
                      "x",
                      List.of(folder + "/" + parts[1]),
                      true,
                      false,
                      Map.of(),
                      LIMITS,
                      new ShardStore()));
      for (SampleRef ref : opened.list(opened.shards().get(0))) {
        assertEquals("ein Käfer", opened.decode(opened.read(ref)).text(), source);
      }
    }
  }

  /** Its annotations are found by their places in the file. */
  @ParameterizedTest
  @ValueSource(strings = {"", "\uFEFF"})
  void annotations(String mark) throws IOException {
    put("images/a.png", TestArchive.png(6, 5, 1));
    String mask = "{\"segmentation\":{\"size\":[5,6],\"counts\":[5,2,23]},\"image_id\":3}";
    put(
        "x.json",
        (mark
                + "{\"images\":[{\"id\":3,\"file_name\":\"a.png\",\"width\":6,\"height\":5}],"
                + "\"categories\":[],\"annotations\":["
                + mask
                + ", "
                + mask
                + "]}")
            .getBytes(StandardCharsets.UTF_8));
    CocoSource coco = new CocoSource(new SourceOptions("c", List.of(folder + "/x.json"), LIMITS));
    SampleRef ref = coco.list(coco.shards().get(0)).get(0);
    assertEquals(2, coco.decode(coco.read(ref)).masks().size());
    put("sa/sa_1.png", TestArchive.png(6, 5, 1));
    put(
        "sa/sa_1.json",
        (mark + "{\"annotations\":[" + mask + "]}").getBytes(StandardCharsets.UTF_8));
    Sa1bSource sa1b = new Sa1bSource("s", List.of(folder + "/sa"), LIMITS);
    SampleRef image = sa1b.list(sa1b.shards().get(0)).get(0);
    assertEquals(1, sa1b.decode(sa1b.read(image)).masks().size());
  }
}
