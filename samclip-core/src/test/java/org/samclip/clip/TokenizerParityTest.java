package org.samclip.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

/**
 * CLIP's public vocabulary against open_clip's own tokenizer. Vocabulary and expected ids are not
 * part of the project: they stand in {@code -Dsamclip.vectors}, else in ../shared/parity beside the
 * checkout; without them the tests are skipped.
 */
class TokenizerParityTest {

  private static final int CONTEXT = 77;

  @TempDir Path folder;

  private static Path shared(String name) {
    Path base = Path.of(System.getProperty("samclip.vectors.base", ""));
    String given = System.getProperty("samclip.vectors", "");
    Path file = base.resolve(given.isEmpty() ? "../shared/parity" : given).resolve(name);
    assumeTrue(Files.isRegularFile(file), "no " + name + " in " + file.getParent());
    return file;
  }

  private static Tokenizer vocabulary() {
    return Tokenizer.read(shared("bpe_simple_vocab_16e6.txt.gz"), CONTEXT);
  }

  private static void assertAllIds(Tokenizer tokenizer) throws IOException {
    JsonNode cases = new ObjectMapper().readTree(shared("tokenizer.json").toFile()).get("cases");
    List<String> wrong = new ArrayList<>();
    for (JsonNode one : cases) {
      JsonNode ids = one.get("ids");
      long[] expected =
          LongStream.range(0, ids.size()).map(i -> ids.get((int) i).asLong()).toArray();
      String text = one.get("text").asText();
      long[] got = tokenizer.encode(List.of(text))[0];
      if (!java.util.Arrays.equals(expected, got)) {
        wrong.add(text + ": " + java.util.Arrays.toString(got));
      }
      assertEquals(one.get("cleaned").asText(), TextCleaning.clean(text));
    }
    assertEquals(List.of(), wrong);
    assertTrue(cases.size() >= 50, cases.size() + " texts");
  }

  @Test
  void allTextsGiveOpenClipsIds() throws IOException {
    try (Tokenizer tokenizer = vocabulary()) {
      assertAllIds(tokenizer);
    }
  }

  @Test
  void theJsonOfTheVocabularyIsTheSameTokenizer() throws IOException {
    try (Tokenizer tokenizer = vocabulary()) {
      Path json = folder.resolve("tokenizer.json");
      for (String mark : List.of("", "\uFEFF")) {
        Files.writeString(json, mark + tokenizer.json());
        try (Tokenizer again = Tokenizer.read(json, CONTEXT)) {
          assertAllIds(again);
        }
      }
    }
  }

  @Test
  void shorterContextsKeepTheEndToken() {
    Path file = shared("bpe_simple_vocab_16e6.txt.gz");
    try (Tokenizer tokenizer = Tokenizer.read(file, 4)) {
      long[][] rows = tokenizer.encode(List.of("a photo of a cat", ""));
      assertArrayEquals(new long[] {49406, 320, 1125, 49407}, rows[0]);
      assertArrayEquals(new long[] {49406, 49407, 0, 0}, rows[1]);
    }
  }

  @Test
  void foreignAndHostileVocabulariesAreRefused() throws IOException {
    Path bomb = folder.resolve("bomb.txt.gz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(bomb))) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 64; i++) {
        out.write(zeros);
      }
    }
    assertRefused(bomb, "unpacks to more than");
    Path shortOne = folder.resolve("short.txt.gz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(shortOne))) {
      out.write("#version\na b\n".getBytes());
    }
    assertRefused(shortOne, "it has 1 merges");
    Path cut = folder.resolve("cut.txt.gz");
    byte[] whole = Files.readAllBytes(shortOne);
    Files.write(cut, java.util.Arrays.copyOf(whole, whole.length - 9));
    assertRefused(cut, "cannot be unpacked");
  }

  private static void assertRefused(Path file, String cause) {
    UserError error = assertThrows(UserError.class, () -> Tokenizer.read(file, CONTEXT));
    assertTrue(error.getMessage().contains(cause), error.getMessage());
    assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
  }
}
