package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

/** Names, joined, transposed and batched tensors, read whole and in pieces. */
class KeyMapTest {

  private static final KeyMap MAP =
      new KeyMap()
          .join("blocks.#.qkv", "layers.#.q", "layers.#.k", "layers.#.v")
          .transpose("projection", "proj")
          .batch("table", "positions")
          .rename("layers.#.norm*", "blocks.#.ln*")
          .drop("*.position_ids");

  @TempDir Path folder;

  private TensorSource mapped(SafetensorsWriter writer) {
    Path path = folder.resolve("weights.safetensors");
    writer.write(path);
    return MAP.apply(Checkpoints.open(path));
  }

  @Test
  void renamesJoinsTransposesAndDrops() {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add("layers.10.v", new float[] {9, 10, 11, 12}, 2, 2)
            .add("layers.10.q", new float[] {1, 2, 3, 4}, 2, 2)
            .add("layers.10.k", new float[] {5, 6, 7, 8}, 2, 2)
            .add("projection", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
            .add("layers.10.norm1.weight", new float[] {0}, 1)
            .add("text.position_ids", new long[] {0}, 1)
            .add("table", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
            .add("other", new float[] {7}, 1);
    try (TensorSource source = mapped(writer)) {
      assertEquals(
          Set.of("blocks.10.qkv", "proj", "blocks.10.ln1.weight", "positions", "other"),
          source.names());
      assertArrayEquals(new long[] {6, 2}, source.info("blocks.10.qkv").shape());
      assertArrayEquals(
          new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, source.readFloats("blocks.10.qkv"));
      assertArrayEquals(new long[] {3, 2}, source.info("proj").shape());
      assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, source.readFloats("proj"));
      assertArrayEquals(new long[] {1, 3, 2}, source.info("positions").shape());
      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, source.readFloats("positions"));
      // A piece over the border of two parts, and the middle of a transpose.
      assertArrayEquals(new float[] {4, 5, 6}, piece(source, "blocks.10.qkv", 3, 3));
      assertArrayEquals(new float[] {2, 5}, piece(source, "proj", 2, 2));
      assertThrows(IndexOutOfBoundsException.class, () -> piece(source, "proj", 5, 2));
    }
  }

  private static float[] piece(TensorSource source, String name, int first, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    source.readBytes(name, 4L * first, bytes);
    float[] values = new float[count];
    bytes.flip().asFloatBuffer().get(values);
    return values;
  }

  @Test
  void partsThatDoNotFitAreNamed() {
    float[] two = {1, 2};
    assertRefused(
        new SafetensorsWriter().add("layers.0.q", two, 2).add("layers.0.v", two, 2),
        "2 of 3 parts are there: layers.0.q, layers.0.v");
    assertRefused(
        new SafetensorsWriter()
            .add("layers.0.q", two, 2)
            .add("layers.0.k", two, 1, 2)
            .add("layers.0.v", two, 2),
        "do not fit together");
    assertRefused(
        new SafetensorsWriter()
            .add("layers.0.q", two, 2)
            .add("layers.0.k", new double[] {1, 2}, 2)
            .add("layers.0.v", two, 2),
        "do not fit together");
    assertRefused(new SafetensorsWriter().add("projection", two, 2), "is not a matrix");
    assertRefused(
        new SafetensorsWriter().add("proj", two, 1, 2).add("projection", two, 2, 1),
        "both mean proj");
  }

  private void assertRefused(SafetensorsWriter writer, String cause) {
    UserError error = assertThrows(UserError.class, () -> mapped(writer));
    assertTrue(error.getMessage().contains(cause), error.getMessage());
    assertTrue(error.getMessage().contains("weights.safetensors"), error.getMessage());
  }
}
