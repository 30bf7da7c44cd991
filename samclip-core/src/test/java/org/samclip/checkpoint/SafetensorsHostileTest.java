package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;

/** Safetensors files that lie: each is refused with a message that names the file and the cause. */
class SafetensorsHostileTest {

  @TempDir Path folder;

  private Path file(long headerLength, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(headerLength).put(json);
    return Files.write(folder.resolve("lying.safetensors"), bytes.array());
  }

  private Path file(String header, int dataBytes) throws IOException {
    return file(header.getBytes(StandardCharsets.UTF_8).length, header, dataBytes);
  }

  private static void assertRefused(Path path, String cause) {
    UserError error = assertThrows(UserError.class, () -> SafetensorsFile.open(path));
    assertTrue(error.getMessage().contains(path.toString()), error.getMessage());
    assertTrue(error.getMessage().contains(cause), error.getMessage());
  }

  private static String tensor(String name, String type, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, type, shape, begin, end);
  }

  @Test
  void theHelperMakesSoundFiles() throws IOException {
    Path path = file("{" + tensor("a", "F32", "[2]", 0, 8) + "}", 8);
    try (SafetensorsFile open = SafetensorsFile.open(path)) {
      assertEquals(2, open.readFloats("a").length);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3, 1000, 100_000_001L, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void headerLengthThatLies(long length) throws IOException {
    assertThrows(UserError.class, () -> SafetensorsFile.open(file(length, "{}        ", 0)));
  }

  @Test
  void everyTruncation() throws IOException {
    byte[] whole =
        Files.readAllBytes(
            file(
                "{" + tensor("a", "F32", "[2]", 0, 8) + "," + tensor("b", "U8", "[3]", 8, 11) + "}",
                11));
    for (int length = 0; length < whole.length; length++) {
      Path path = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, length));
      assertThrows(UserError.class, () -> SafetensorsFile.open(path), "of " + length + " bytes");
      assertThrows(UserError.class, () -> Checkpoints.open(path), "of " + length + " bytes");
    }
    Path longer = Files.write(folder.resolve("longer"), Arrays.copyOf(whole, whole.length + 1));
    assertRefused(longer, "the tensors end at byte 11 of 12");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[2] | 0 | 8 | [2] | 4 | 12 | inside another tensor",
        "[2] | 0 | 8 | [2] | 0 | 8 | inside another tensor",
        "[1] | 0 | 4 | [2] | 8 | 16 | after a hole",
        "[1] | 4 | 8 | [2] | 8 | 16 | after a hole",
        "[2] | 0 | 8 | [3] | 8 | 20 | truncated or its header lies",
        "[2] | 0 | 4 | [2] | 8 | 16 | do not span",
        "[2] | 8 | 0 | [2] | 8 | 16 | do not span",
        "[2] | -8 | 0 | [2] | 8 | 16 | not a whole number",
        "[2] | 9223372036854775800 | 9223372036854775808 | [2] | 8 | 16 | not valid JSON",
        "[2] | 9223372036854775799 | 9223372036854775807 | [2] | 0 | 8 | header lies",
        "[-2] | 0 | 8 | [2] | 8 | 16 | not a whole number",
        "[2.0] | 0 | 8 | [2] | 8 | 16 | not a whole number",
        "['2'] | 0 | 8 | [2] | 8 | 16 | not a whole number",
        "[[2]] | 0 | 8 | [2] | 8 | 16 | not a whole number",
        "2 | 0 | 8 | [2] | 8 | 16 | shape is not a list",
        "[4294967296,4294967296] | 0 | 0 | [2] | 0 | 8 | overflows 64 bits",
        "[2305843009213693953,4] | 0 | 16 | [2] | 16 | 24 | overflows 64 bits",
        "[0,9223372036854775807,9223372036854775807] | 0 | 0 | [2] | 0 | 8 | overflows 64 bits",
      })
  void offsetsAndShapesThatLie(
      String shape1, String begin1, String end1, String shape2, long b2, long e2, String cause)
      throws IOException {
    String first =
        "\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%s,%s]}"
            .formatted(shape1.replace('\'', '"'), begin1, end1);
    assertRefused(file("{" + first + "," + tensor("b", "F32", shape2, b2, e2) + "}", 16), cause);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a':{'dtype':'F99','shape':[1],'data_offsets':[0,4]}} | unknown dtype 'F99'",
        "{'a':{'dtype':4,'shape':[1],'data_offsets':[0,4]}} | unknown dtype",
        "{'a':{'shape':[1],'data_offsets':[0,4]}} | are needed",
        "{'a':{'dtype':'F32','data_offsets':[0,4]}} | are needed",
        "{'a':{'dtype':'F32','shape':[1]}} | are needed",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4]}} | are needed",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}} | more than 2",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}} | unknown header key 'x'",
        "{'a':{'dtype':'F32','shape':[1],'shape':[1],'data_offsets':[0,4]}} | Duplicate field",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{}} | Duplicate field",
        "{'a':null} | not an object",
        "{'__metadata__':{'x':1}} | entry 'x' is not a string",
        "{'__metadata__':[]} | not an object of strings",
        "{} {} | not one JSON object",
        "{}x | not valid JSON",
        "{'a | not valid JSON",
        "{'a':{'dtype':'F32' | not valid JSON",
        "{'a':{'dtype':'F32','shape':[ | not valid JSON",
        "[] | does not begin with",
        "' {}' | does not begin with",
      })
  void headersThatBreakTheFormat(String header, String cause) throws IOException {
    assertRefused(file(header.replace('\'', '"'), 4), cause);
  }

  @Test
  void manyAxesAndDeepNesting() throws IOException {
    String axes = "[" + "1,".repeat(200) + "1]";
    assertRefused(file("{" + tensor("a", "U8", axes, 0, 1) + "}", 1), "more than 64 entries");
    String deep = "{\"a\":" + "[".repeat(100_000);
    assertRefused(file(deep, 0), "not an object");
    assertRefused(file("{\"__metadata__\":{\"a\":" + "{\"a\":".repeat(5_000), 0), "not a string");
  }

  @Test
  void messagesHoldNoControlCharacters() throws IOException {
    String name = "\\u001b[31m" + "n".repeat(5_000);
    Path path = file("{" + tensor(name, "F32", "[1]", 0, 3) + "}", 4);
    UserError error = assertThrows(UserError.class, () -> SafetensorsFile.open(path));
    assertTrue(error.getMessage().chars().noneMatch(c -> c < ' '), error.getMessage());
    assertTrue(error.getMessage().length() < 1_000, error.getMessage());
  }

  @Test
  void otherFilesAndMissingOnes() throws IOException {
    assertThrows(UserError.class, () -> Checkpoints.open(folder));
    assertThrows(UserError.class, () -> Checkpoints.open(folder.resolve("none")));
    Path text = Files.writeString(folder.resolve("text"), "<html>not found</html>");
    UserError error = assertThrows(UserError.class, () -> Checkpoints.open(text));
    assertTrue(error.getMessage().contains("neither"), error.getMessage());
    Path legacy = Files.write(folder.resolve("old.pth"), new byte[] {(byte) 0x80, 2, '}', '.'});
    error = assertThrows(UserError.class, () -> Checkpoints.open(legacy));
    assertTrue(error.getMessage().contains("torch.save its state_dict again"), error.getMessage());
  }
}
