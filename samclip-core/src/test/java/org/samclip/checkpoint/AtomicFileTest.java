package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class AtomicFileTest {

  @TempDir Path folder;

  private List<String> files() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.map(path -> path.getFileName().toString()).toList();
    }
  }

  @Test
  void replacesTheContentAndMakesFolders() throws IOException {
    Path path = folder.resolve("a/b/text");
    AtomicFile.writeString(path, "first, longer");
    AtomicFile.writeString(path, "\u00fc");
    assertEquals("\u00fc", Files.readString(path));
    try (Stream<Path> list = Files.list(path.getParent())) {
      assertEquals(1, list.count());
    }
  }

  @Test
  void theTargetIsUntouchedUntilAllIsWritten() throws IOException {
    Path path = folder.resolve("text");
    AtomicFile.writeString(path, "old");
    AtomicFile.write(
        path,
        out -> {
          out.write("new".getBytes(StandardCharsets.UTF_8));
          out.flush();
          assertEquals("old", Files.readString(path));
        });
    assertEquals("new", Files.readString(path));
  }

  @Test
  void failuresKeepTheOldContentAndLeaveNothingBeside() throws IOException {
    Path path = folder.resolve("text");
    AtomicFile.writeString(path, "old");
    UserError error =
        assertThrows(
            UserError.class,
            () ->
                AtomicFile.write(
                    path,
                    out -> {
                      out.write(1);
                      throw new IOException("no space left");
                    }));
    assertTrue(error.getMessage().contains("text"), error.getMessage());
    assertTrue(error.getMessage().contains("no space left"), error.getMessage());
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                path,
                out -> {
                  throw new IllegalStateException("a bug");
                }));
    assertEquals("old", Files.readString(path));
    assertEquals(List.of("text"), files());
    assertThrows(UserError.class, () -> AtomicFile.writeString(folder, "x"));
    assertThrows(UserError.class, () -> AtomicFile.writeString(path.resolve("below"), "x"));
  }
}
