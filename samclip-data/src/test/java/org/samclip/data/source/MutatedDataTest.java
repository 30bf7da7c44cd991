package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.mask.RunLengthMask;

/**
 * Sound data files with a few bytes changed, cut or moved: reading them gives samples or a {@link
 * BrokenSampleException} (a whole file: a {@link UserError}), and nothing else.
 */
@Timeout(120)
class MutatedDataTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 16);
  private static final byte[] TELLING =
      "{}[]\",:-.09eE\\/utfNaIn\0\1\177\377ustar".getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path folder;

  private static byte[] mutate(byte[] sound, SplittableRandom random) {
    byte[] bytes = sound.clone();
    switch (random.nextInt(6)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> {
        int length = random.nextInt(1, 32);
        int from = random.nextInt(bytes.length - length);
        System.arraycopy(sound, from, bytes, random.nextInt(bytes.length - length), length);
      }
      default -> {
        for (int i = random.nextInt(1, 6); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] = TELLING[random.nextInt(TELLING.length)];
        }
      }
    }
    return bytes;
  }

  private static String segmentation() {
    RunLengthMask mask = new RunLengthMask(5, 6, new int[] {5, 2, 23});
    return "{\"size\":[5,6],\"counts\":\""
        + mask.toCompressedString().replace("\\", "\\\\")
        + "\"}";
  }

  /** Returns how many samples were broken. */
  private static int readAll(SampleSource source, int round) {
    int broken = 0;
    for (Shard shard : source.shards()) {
      for (SampleRef ref : source.list(shard)) {
        try {
          source.decode(source.read(ref));
        } catch (BrokenSampleException e) {
          broken++;
          assertFalse(e.getMessage().isBlank());
        } catch (RuntimeException | Error e) {
          fail("round " + round + ": " + e, e);
        }
      }
    }
    return broken;
  }

  @Test
  void tarsOfMasks() throws IOException {
    String json =
        "{\"image\":{\"width\":6,\"height\":5},\"annotations\":[{\"segmentation\":"
            + segmentation()
            + "},{\"segmentation\":[[1,1,4,1,4,3,1,3]]},{\"segmentation\":"
            + "{\"size\":[5,6],\"counts\":[5,2,23]}}]}";
    TestArchive archive = new TestArchive();
    for (int i = 0; i < 4; i++) {
      archive.add("sa_" + i + ".png", TestArchive.png(6, 5, i)).add("sa_" + i + ".json", json);
    }
    byte[] sound = archive.bytes();
    SplittableRandom random = new SplittableRandom(20231015);
    Path file = folder.resolve("sa.tar");
    int broken = 0;
    for (int round = 0; round < 800; round++) {
      Files.write(file, mutate(sound, random));
      broken += readAll(new Sa1bSource("sam", List.of(file.toString()), LIMITS), round);
    }
    assertTrue(broken > 300, broken + " broken samples");
  }

  @Test
  void cocoFiles() throws IOException {
    Files.createDirectories(folder.resolve("images"));
    Files.write(folder.resolve("images/a.png"), TestArchive.png(6, 5, 1));
    byte[] sound =
        ("{\"images\":[{\"id\":3,\"file_name\":\"a.png\",\"width\":6,\"height\":5}],"
                + "\"categories\":[{\"id\":4,\"name\":\"cat\"}],\"annotations\":[{\"id\":1,"
                + "\"image_id\":3,\"category_id\":4,\"segmentation\":"
                + segmentation()
                + "},{\"id\":2,\"image_id\":3,\"category_id\":4,\"iscrowd\":0,"
                + "\"bbox\":[1,1,3,2],\"area\":6,"
                + "\"segmentation\":[[1,1,4,1,4,3,1,3]]}]}")
            .getBytes(StandardCharsets.UTF_8);
    SplittableRandom random = new SplittableRandom(20231016);
    Path file = folder.resolve("x.json");
    int refused = 0;
    for (int round = 0; round < 800; round++) {
      Files.write(file, mutate(sound, random));
      try {
        refused +=
            readAll(
                new CocoSource(new SourceOptions("c", List.of(file.toString()), LIMITS)), round);
        new CocoInstances(file, folder.resolve("images"), LIMITS).get(0);
      } catch (UserError e) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("round " + round + ": " + e, e);
      }
    }
    assertTrue(refused > 300, refused + " refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf", "none-1", "none-2", "no-dictionary", "gzip-1", "zstd-2", "lz4-1"})
  void parquetFiles(String name) throws IOException {
    byte[] sound = ParquetSourceTest.resource(name + ".parquet");
    Map<String, String> settings = name.equals("hf") ? Map.of() : Map.of("image", "picture");
    SplittableRandom random = new SplittableRandom(20231017);
    Path file = folder.resolve("x.parquet");
    int refused = 0;
    for (int round = 0; round < 150; round++) {
      Files.write(file, mutate(sound, random));
      try (ShardStore store = new ShardStore(folder, 1 << 24, HttpSettings.DEFAULT)) {
        refused +=
            readAll(
                new ParquetSource(
                    new SourceOptions(
                        "p", List.of(file.toString()), false, false, settings, LIMITS, store)),
                round);
      } catch (UserError e) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("round " + round + ": " + e, e);
      }
    }
    assertTrue(refused > 150, refused + " refused");
  }
}
