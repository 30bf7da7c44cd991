package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Selection;

/**
 * Captions that no task needs cannot break a sample; where they are needed the same ones do. Images
 * alone are what {@code webdataset}'s decoding of {@code jpg} and {@code png} gives of these files,
 * whatever else is in a sample.
 */
class SpareCaptionsTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 16);

  @TempDir Path folder;

  private SampleSource open(String format, String path, boolean textRequired) {
    return SampleSources.provider(format)
        .open(
            new SourceOptions(
                "data",
                List.of(folder.resolve(path).toString()),
                textRequired,
                false,
                Map.of(),
                LIMITS,
                new ShardStore()));
  }

  /** All images are read and have no caption; where captions are needed, every sample is broken. */
  private void assertSpare(String format, String path, int samples) {
    SampleSource source = open(format, path, false);
    List<SampleRef> refs = source.list(source.shards().get(0));
    assertEquals(samples, refs.size());
    for (SampleRef ref : refs) {
      Sample sample = source.decode(source.read(ref));
      assertEquals(7, sample.image().at(0, 0, 0));
      assertNull(sample.text());
    }
    assertEquals(samples, Mixture.of(source, Selection.ALL, 1).usable());
    SampleSource captioned = open(format, path, true);
    for (SampleRef ref : captioned.list(captioned.shards().get(0))) {
      assertThrows(
          BrokenSampleException.class, () -> captioned.decode(captioned.read(ref)), ref.key());
    }
  }

  private void tar(int samples, String field, IntFunction<byte[]> caption) throws IOException {
    TestArchive archive = new TestArchive();
    for (int i = 0; i < samples; i++) {
      archive.add("%05d.png".formatted(i), TestArchive.png(3, 2, 7));
      archive.add("%05d.%s".formatted(i, field), caption.apply(i));
    }
    archive.write(folder.resolve("x.tar"));
    assertSpare("webdataset", "x.tar", samples);
  }

  @Test
  void captionsThatAreNoText() throws IOException {
    tar(30, "txt", i -> "un café".getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void captionsThatAreNoJson() throws IOException {
    tar(3, "json", i -> List.of("{\"caption\":", "[1, 2]", "").get(i).getBytes());
  }

  @Test
  void captionsThatAreTooLarge() throws IOException {
    tar(2, "txt", i -> new byte[1 << 16]);
  }

  @Test
  void captionsThatAreLinks() throws IOException {
    new TestArchive()
        .add("1.png", TestArchive.png(3, 2, 7))
        .link("1.txt", "2.txt")
        .write(folder.resolve("x.tar"));
    assertSpare("webdataset", "x.tar", 1);
  }

  /** Of two captions the first one stays. */
  @Test
  void captionsThatAreThereTwice() throws IOException {
    new TestArchive()
        .add("1.png", TestArchive.png(3, 2, 7))
        .add("1.txt", "one")
        .add("1.txt", "two")
        .write(folder.resolve("x.tar"));
    SampleSource source = open("webdataset", "x.tar", false);
    LeftOut leftOut = new LeftOut();
    SampleRef ref = source.list(source.shards().get(0), leftOut).get(0);
    assertEquals("one", source.decode(source.read(ref)).text());
    assertEquals(
        List.of(new LeftOut.Entry(LeftOut.Rule.SECOND_CAPTION, 1, List.of("1.txt"))),
        leftOut.entries());
    SampleSource captioned = open("webdataset", "x.tar", true);
    List<SampleRef> refs = captioned.list(captioned.shards().get(0));
    assertEquals(2, refs.size());
    assertThrows(UserError.class, () -> captioned.read(refs.get(0)));
  }

  @Test
  void captionsBesideFiles() throws IOException {
    Files.createDirectories(folder.resolve("photos"));
    byte[][] captions = {"café".getBytes(StandardCharsets.ISO_8859_1), new byte[1 << 16]};
    for (int i = 0; i < captions.length; i++) {
      Files.write(folder.resolve("photos/" + i + ".png"), TestArchive.png(3, 2, 7));
      Files.write(folder.resolve("photos/" + i + ".txt"), captions[i]);
    }
    assertSpare("image-folder", "photos", 2);
  }

  /** Only the caption is lost when it is gone since the listing. */
  @Test
  void captionsThatAreGone() throws IOException {
    Files.createDirectories(folder.resolve("photos"));
    Files.write(folder.resolve("photos/a.png"), TestArchive.png(3, 2, 7));
    Path caption = Files.writeString(folder.resolve("photos/a.txt"), "a cat");
    SampleSource source = open("image-folder", "photos", false);
    SampleRef ref = source.list(source.shards().get(0)).get(0);
    assertEquals("a cat", source.decode(source.read(ref)).text());
    Files.delete(caption);
    assertNull(source.decode(source.read(ref)).text());
  }
}
