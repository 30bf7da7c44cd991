package org.samclip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The expected texts are what Python's codecs {@code utf-8-sig} and {@code utf-16} make of them.
 */
class TextFileTest {

  @ParameterizedTest
  @CsvSource({
    "c3a90a, é|",
    "efbbbfc3a90a, é|",
    "fffee9000a00, é|",
    "feff00e9000a, é|",
    "efbbbf, ''",
    "fffe, ''",
    // Only the first one is a mark.
    "efbbbfefbbbf61, \uFEFFa",
    "61efbbbf, a\uFEFF",
    "efbb, ?",
    "efbbbfe9, ?",
    "fffe61, ?",
    "e9, ?"
  })
  void theMarkIsNoPartOfTheText(String hex, String text) throws CharacterCodingException {
    byte[] bytes = HexFormat.of().parseHex(hex);
    if (text.equals("?")) {
      assertThrows(CharacterCodingException.class, () -> TextFile.decode(bytes));
    } else {
      assertEquals(text.replace('|', '\n'), TextFile.decode(bytes));
    }
  }

  @Test
  void linesEndAsOnAnySystem(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("x.txt");
    Files.write(file, "\uFEFFa\r\nb\n\rc".getBytes(StandardCharsets.UTF_8));
    assertEquals(List.of("a", "b", "", "c"), TextFile.lines(file));
  }
}
