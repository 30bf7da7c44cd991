package org.samclip.data.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class FeatureFileTest {

  @TempDir Path folder;

  @Test
  void givesBackEveryBit() {
    Path file = folder.resolve("a/b.bin");
    float[] rows = {1, -0f, Float.MIN_VALUE, 3, 4, Float.MAX_VALUE};
    try (FeatureFile cache = new FeatureFile(file, 3)) {
      assertFalse(cache.contains("x"));
      cache.write("y", rows, 3);
      cache.write("x", rows, 0);
      cache.write("x", rows, 3); // the first stays
      assertTrue(cache.contains("x"));
      float[] got = new float[7];
      cache.read("x", got, 1);
      cache.read("y", got, 4);
      assertArrayEquals(new float[] {0, 1, -0f, Float.MIN_VALUE, 3, 4, Float.MAX_VALUE}, got);
      assertEquals(.5, cache.hitRate());
      assertTrue(Files.exists(file));
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void aFolderThatCannotBeMadeIsTheUsersToRepair() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    UserError error =
        assertThrows(UserError.class, () -> new FeatureFile(file.resolve("x.bin"), 3));
    assertTrue(error.getMessage().contains("cache_features"), error.getMessage());
  }
}
