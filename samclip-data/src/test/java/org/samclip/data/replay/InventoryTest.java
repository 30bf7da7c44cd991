package org.samclip.data.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.WebDatasetSource;

class InventoryTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("run/data.tsv");
    shard("a.tar", 3);
    shard("b.tar", 0);
    byte[] whole = Files.readAllBytes(shard("c.tar", 5));
    // The last sample and the end mark are lost.
    Files.write(folder.resolve("c.tar"), Arrays.copyOf(whole, 8 * 512));
  }

  private Path shard(String name, int samples) throws IOException {
    TestArchive archive = new TestArchive();
    for (int i = 0; i < samples; i++) {
      archive.add(name.charAt(0) + "" + i + ".png", TestArchive.png(2, 2, i));
    }
    return archive.write(folder.resolve(name));
  }

  private SampleSource source() {
    return new WebDatasetSource("clip", List.of(folder + "/*.tar"), false, DataLimits.DEFAULT);
  }

  private static String message(org.junit.jupiter.api.function.Executable action) {
    return assertThrows(UserError.class, action).getMessage();
  }

  @Test
  void countsShardsAndComesBackFromItsFile() {
    Inventory inventory = Inventory.of(source(), Selection.ALL, 2);
    assertEquals(List.of(3, 0, 5), inventory.shards().stream().map(e -> e.draws()).toList());
    assertEquals(8, inventory.draws());
    // One of them stands for the lost rest.
    assertEquals(7, inventory.usable());
    assertEquals(1, inventory.empty());
    inventory.write(file);
    assertEquals(inventory, Inventory.read(file, Selection.ALL));
    inventory.requireSame(source(), file);
  }

  @Test
  void countsKeysThatOccurInSeveralShards() throws IOException {
    assertEquals(0, Inventory.of(source(), Selection.ALL, 2).duplicateKeys());
    Files.copy(folder.resolve("a.tar"), folder.resolve("d.tar"));
    Files.copy(folder.resolve("a.tar"), folder.resolve("e.tar"));
    assertEquals(3, Inventory.of(source(), Selection.ALL, 2).duplicateKeys());
  }

  @Test
  void seesThatDataHaveChanged() throws IOException {
    Inventory inventory = Inventory.of(source(), Selection.ALL, 1);
    shard("a.tar", 9);
    Files.write(folder.resolve("a.tar"), new byte[20_480]);
    String changed = message(() -> inventory.requireSame(source(), file));
    assertTrue(changed.contains("a.tar has 20480 bytes, it had "), changed);
    Files.delete(folder.resolve("a.tar"));
    String gone = message(() -> inventory.requireSame(source(), file));
    assertTrue(gone.contains("shard 1 is b.tar, it was a.tar"), gone);
  }

  @Test
  void refusesAnotherSelectionAndDamage() throws IOException {
    Inventory.of(source(), Selection.ALL, 1).write(file);
    Selection half = new Selection(.5, 0, Selection.Side.TRAIN);
    assertTrue(message(() -> Inventory.read(file, half)).contains("subset 0.5"));
    for (String line : new String[] {"a.tar\t1\t2", "a.tar\t1\tx\t1", "a.tar\t1\t2\t3"}) {
      Files.writeString(file, Files.readAllLines(file).get(0) + "\n" + line + "\n");
      assertTrue(message(() -> Inventory.read(file, Selection.ALL)).contains("damaged at"));
    }
  }
}
