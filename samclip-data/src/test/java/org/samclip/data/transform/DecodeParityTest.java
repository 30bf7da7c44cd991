package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files of every kind equal what Pillow 12.3 makes of them, byte for byte. The files were made by
 * {@code scripts/parity/make-decode-vectors.py}.
 */
class DecodeParityTest {

  private static Path folder() {
    try {
      return Path.of(DecodeParityTest.class.getResource("decode").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".rgb"))
          .sorted()
          .toList();
    }
  }

  @Test
  void everyKindIsThere() throws IOException {
    assertTrue(files().size() >= 49, files().size() + " files");
  }

  @ParameterizedTest
  @MethodSource("files")
  void equalsPillow(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(folder().resolve(name));
    RgbImage stored = ImageDecoder.decode(bytes, name);
    assertArrayEquals(Files.readAllBytes(folder().resolve(name + ".rgb")), stored.rgb());
    RgbImage upright = ImageDecoder.decode(bytes, name, ImageDecoder.DEFAULT_MAX_PIXELS, true);
    Path turned = folder().resolve(name + ".upright.rgb");
    assertArrayEquals(
        Files.exists(turned) ? Files.readAllBytes(turned) : stored.rgb(), upright.rgb());
    boolean sideways = name.matches("turned-[5678].*");
    assertEquals(sideways ? 17 : 23, upright.width());
    assertEquals(sideways ? 23 : 17, upright.height());
  }
}
