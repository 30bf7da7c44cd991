package org.samclip.eval.zeroshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;

class PromptTemplatesTest {

  @TempDir Path folder;

  /** A mark that is left there would stand in every sentence of the first template. */
  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void aFileOfTemplatesMayBeginWithAByteOrderMark(String charset) throws IOException {
    Path file = folder.resolve("templates.txt");
    Files.write(
        file, "\uFEFFa {}\r\n# twice\r\n\r\nthe {}.\r\n".getBytes(Charset.forName(charset)));
    assertEquals(List.of("a cat", "the cat."), PromptTemplates.named(file.toString()).fill("cat"));
  }

  @Test
  void aFileThatIsNoTextIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("templates.txt"), new byte[] {'a', ' ', (byte) 0xE9});
    String message =
        assertThrows(UserError.class, () -> PromptTemplates.named(file.toString())).getMessage();
    assertTrue(message.contains("UTF-8"), message);
  }
}
