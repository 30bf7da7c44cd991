package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class HeldOutClassesTest {

  @TempDir Path folder;

  private record Classes(List<String> classes) implements EvaluationSet<Void> {

    @Override
    public String name() {
      return "animals";
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public Void get(int index) {
      throw new UnsupportedOperationException();
    }
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("heldout.txt"), content);
  }

  @Test
  void namesBecomeTheLabelsOfASet() throws IOException {
    HeldOutClasses heldOut = HeldOutClasses.read(file("# not shown\n\npolar bear\n cat \n"));
    assertEquals(Set.of(0, 2), heldOut.labels(new Classes(List.of("cat", "dog", "polar bear"))));
    assertEquals(Set.of(1, 2), heldOut.labels(new Classes(List.of("dog", "cat", "polar bear"))));
  }

  @Test
  void whatIsNoClassIsRefused() throws IOException {
    Path file = file("cat\nunicorn\n");
    HeldOutClasses heldOut = HeldOutClasses.read(file);
    Classes animals = new Classes(List.of("cat", "dog"));
    String message =
        assertThrows(
                UserError.class,
                () -> heldOut.requireKnown(List.of(animals, new Classes(List.of("cow")))))
            .getMessage();
    assertTrue(message.contains("'unicorn' is no class of any set"), message);
    assertTrue(message.contains("[cat, cow, dog]"), message);
    // One set may lack what another has.
    heldOut.requireKnown(List.of(animals, new Classes(List.of("unicorn"))));
    assertEquals(Set.of(0), heldOut.labels(animals));
    assertRefused(file("dog\ncat\n"), "all classes of animals");
    assertRefused(file("# cat\n"), "names no class");
    assertRefused(folder.resolve("absent.txt"), "absent.txt: no such file");
  }

  private static void assertRefused(Path file, String... parts) {
    String message =
        assertThrows(
                UserError.class,
                () -> HeldOutClasses.read(file).labels(new Classes(List.of("cat", "dog"))))
            .getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
