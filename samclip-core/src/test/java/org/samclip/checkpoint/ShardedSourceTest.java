package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;

/** Checkpoints in several files, sound and unsound. */
class ShardedSourceTest {

  @TempDir Path folder;

  @BeforeEach
  void writeShards() {
    new SafetensorsWriter().add("a", new float[] {1, 2}, 2).write(folder.resolve("1.safetensors"));
    new SafetensorsWriter()
        .add("b", new float[] {3}, 1)
        .add("c", new long[] {4}, 1)
        .write(folder.resolve("2.safetensors"));
  }

  private Path index(String map) throws IOException {
    return Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\": {\"total_size\": 20}, \"weight_map\": {" + map.replace('\'', '"') + "}}");
  }

  @Test
  void tensorsComeFromTheirFiles() throws IOException {
    Path index = index("'a': '1.safetensors', 'b': '2.safetensors', 'c': '2.safetensors'");
    try (TensorSource source = Checkpoints.open(index)) {
      assertEquals(Set.of("a", "b", "c"), source.names());
      assertArrayEquals(new float[] {1, 2}, source.readFloats("a"));
      assertArrayEquals(new long[] {4}, source.readLongs("c"));
      assertEquals(3, source.files().size());
    }
  }

  @Test
  void theHashCoversEveryFile() throws IOException {
    Path index = index("'a': '1.safetensors', 'b': '2.safetensors', 'c': '2.safetensors'");
    String hash = ContentHash.ofCheckpoint(index);
    new SafetensorsWriter().add("a", new float[] {1, 3}, 2).write(folder.resolve("1.safetensors"));
    assertNotEquals(hash, ContentHash.ofCheckpoint(index));
    Path alone = folder.resolve("1.safetensors");
    assertEquals(ContentHash.sha256(alone), ContentHash.ofCheckpoint(alone));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "'a': '../1.safetensors' | not the name of a file beside the index",
        "'a': '/etc/passwd' | not the name of a file beside the index",
        "'a': '..' | not the name of a file beside the index",
        "'a': 'x/1.safetensors' | not the name of a file beside the index",
        "'a': 'x\\\\1.safetensors' | not the name of a file beside the index",
        "'a': 7 | not the name of a file beside the index",
        "'a': '3.safetensors' | 3.safetensors is missing",
        "'a': '1.safetensors', 'd': '2.safetensors' | tensor 'd' is not in its file",
        "'a': '1.safetensors', 'b': '2.safetensors' | tensor 'c' is in 2.safetensors, and not in the",
        "'a': '1.safetensors', 'a': '1.safetensors' | not valid JSON",
        "'a': 'model.safetensors.index.json' | is neither a safetensors file",
        " | it has no weight_map",
      })
  void unsoundIndexes(String map, String cause) throws IOException {
    Path index = index(map == null ? "" : map);
    UserError error = assertThrows(UserError.class, () -> Checkpoints.open(index));
    assertTrue(error.getMessage().contains(cause), error.getMessage());
    assertTrue(error.getMessage().contains(index.toString()), error.getMessage());
  }

  @Test
  void aTensorInTwoFiles() throws IOException {
    new SafetensorsWriter()
        .add("b", new float[] {3}, 1)
        .add("a", new float[] {9, 9}, 2)
        .write(folder.resolve("2.safetensors"));
    Path index = index("'a': '1.safetensors', 'b': '2.safetensors'");
    UserError error = assertThrows(UserError.class, () -> Checkpoints.open(index));
    assertTrue(
        error.getMessage().contains("tensor 'a' is in 2.safetensors, and also"), error::getMessage);
  }
}
