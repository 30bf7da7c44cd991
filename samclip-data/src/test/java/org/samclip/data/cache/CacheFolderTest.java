package org.samclip.data.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;

class CacheFolderTest {

  private static final String NETWORK = "0123456789abcdef".repeat(4);
  private static final String OTHER = "fedcba9876543210".repeat(4);
  private static final int ROW = 12;
  private static final int RECORD = 32 + 4 + ROW;
  private static final int HEADER = 48;

  @TempDir Path folder;

  private static FeatureKey key(int i) {
    return FeatureKey.of(new RgbImage(1, 1, new byte[] {(byte) i, 0, 0}), 1, Normalisation.CLIP);
  }

  private static ByteBuffer row(int i) {
    return ByteBuffer.allocate(ROW).putInt(i).putLong(-i).flip();
  }

  private static void write(FeatureFile file, int... rows) {
    for (int i : rows) {
      file.write(key(i), row(i));
    }
  }

  private static void assertHolds(FeatureFile file, int... rows) {
    for (int i : rows) {
      ByteBuffer got = ByteBuffer.allocate(ROW);
      assertTrue(file.read(key(i), got), "row " + i);
      assertEquals(row(i), got.flip());
    }
  }

  private static void assertMissing(FeatureFile file, int... rows) {
    for (int i : rows) {
      assertFalse(file.read(key(i), ByteBuffer.allocate(ROW)), "row " + i);
    }
  }

  private CacheFolder open() {
    return new CacheFolder(folder, 1 << 20);
  }

  private Path only() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertEquals(1, all.size(), all::toString);
      return all.get(0);
    }
  }

  /** SHA-256 over sizes, normalisation and bytes, little-endian. */
  @Test
  void aKeyIsTheHashOfAllThatANetworkSees() throws Exception {
    byte[] rgb = new byte[3 * 5 * 2];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (37 * i);
    }
    ByteBuffer bytes = ByteBuffer.allocate(40 + rgb.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(5).putInt(2).putInt(8).putFloat(1);
    bytes.putFloat(123.675f).putFloat(116.28f).putFloat(103.53f);
    bytes.putFloat(58.395f).putFloat(57.12f).putFloat(57.375f);
    bytes.put(rgb);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
    FeatureKey key = FeatureKey.of(new RgbImage(5, 2, rgb), 8, Normalisation.SAM);
    ByteBuffer written = ByteBuffer.allocate(FeatureKey.BYTES);
    key.write(written);
    assertEquals(ByteBuffer.wrap(hash), written.flip());
    assertEquals(key, FeatureKey.read(ByteBuffer.wrap(hash)));

    assertNotEquals(key, FeatureKey.of(new RgbImage(5, 2, rgb), 8, Normalisation.CLIP));
    assertNotEquals(key, FeatureKey.of(new RgbImage(5, 2, rgb), 16, Normalisation.SAM));
    assertNotEquals(key, FeatureKey.of(new RgbImage(2, 5, rgb), 8, Normalisation.SAM));
    rgb[20]++;
    assertNotEquals(key, FeatureKey.of(new RgbImage(5, 2, rgb), 8, Normalisation.SAM));
  }

  @Test
  void rowsOutliveTheRun() throws IOException {
    try (CacheFolder cache = open()) {
      FeatureFile file = cache.open("teacher", NETWORK, ROW);
      assertSame(file, cache.open("teacher", NETWORK, ROW));
      assertMissing(file, 1, 2);
      write(file, 1, 2);
      file.write(key(1), row(9)); // the first stays
      assertHolds(file, 1, 2);
      assertEquals(new CacheUse(2, 2, 0, 0), cache.use());
      assertEquals(.5, cache.use().hitRate());
    }
    assertEquals(HEADER + 2 * RECORD, Files.size(only()));
    try (CacheFolder cache = open()) {
      FeatureFile file = cache.open("teacher", NETWORK, ROW);
      assertHolds(file, 2, 1);
      write(file, 3);
      assertHolds(file, 3);
    }
    assertEquals(HEADER + 3 * RECORD, Files.size(only()));
  }

  @Test
  void anotherNetworkOrSizeHasRowsOfItsOwn() {
    try (CacheFolder cache = open()) {
      write(cache.open("teacher", NETWORK, ROW), 1);
      assertMissing(cache.open("teacher", OTHER, ROW), 1);
      assertMissing(cache.open("teacher", NETWORK, ROW + 1), 1);
      // The name holds a part of the hash; the file tells the rest.
      assertMissing(cache.open("teacher", NETWORK.substring(0, 63) + "0", ROW + 2), 1);
    }
    try (CacheFolder cache = open()) {
      assertMissing(cache.open("teacher", NETWORK.substring(0, 63) + "0", ROW), 1);
    }
  }

  @Test
  void aRecordThatACrashHasCutIsDropped() throws IOException {
    try (CacheFolder cache = open()) {
      write(cache.open("teacher", NETWORK, ROW), 1, 2);
    }
    try (FileChannel file = FileChannel.open(only(), StandardOpenOption.WRITE)) {
      file.truncate(file.size() - 1);
    }
    try (CacheFolder cache = open()) {
      FeatureFile file = cache.open("teacher", NETWORK, ROW);
      assertMissing(file, 2);
      write(file, 2, 3);
      assertHolds(file, 1, 2, 3);
    }
    assertEquals(HEADER + 3 * RECORD, Files.size(only()));
  }

  @Test
  void aDamagedRowIsNeverRead() throws IOException {
    try (CacheFolder cache = open()) {
      write(cache.open("teacher", NETWORK, ROW), 1, 2);
    }
    byte[] whole = Files.readAllBytes(only());
    for (int at = HEADER; at < HEADER + RECORD; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 4;
      Files.write(only(), damaged);
      try (CacheFolder cache = open()) {
        FeatureFile file = cache.open("teacher", NETWORK, ROW);
        assertMissing(file, 1);
        boolean keyItself = at < HEADER + 32;
        assertEquals(new CacheUse(0, 1, 0, keyItself ? 0 : 1), cache.use(), "byte " + at);
        assertHolds(file, 2);
        write(file, 1); // computed again
        assertHolds(file, 1);
      }
      try (CacheFolder cache = open()) {
        assertHolds(cache.open("teacher", NETWORK, ROW), 1, 2);
      }
    }
  }

  @Test
  void aFileOfAnotherFormIsBegunAnew() throws IOException {
    try (CacheFolder cache = open()) {
      write(cache.open("teacher", NETWORK, ROW), 1);
    }
    byte[] whole = Files.readAllBytes(only());
    for (int at : new int[] {0, 8, 12, HEADER - 1}) {
      byte[] other = whole.clone();
      other[at]++;
      Files.write(only(), other);
      try (CacheFolder cache = open()) {
        FeatureFile file = cache.open("teacher", NETWORK, ROW);
        assertMissing(file, 1);
        write(file, 2);
        assertHolds(file, 2);
      }
      assertEquals(HEADER + RECORD, Files.size(only()));
    }
    Files.write(only(), new byte[] {1, 2, 3});
    try (CacheFolder cache = open()) {
      assertMissing(cache.open("teacher", NETWORK, ROW), 1);
    }
    assertEquals(HEADER, Files.size(only()));
  }

  /** What is there can be read by both; only the first adds. */
  @Test
  void twoRunsShareTheFolder() {
    try (CacheFolder first = open();
        CacheFolder second = open()) {
      FeatureFile writes = first.open("teacher", NETWORK, ROW);
      write(writes, 1);
      FeatureFile reads = second.open("teacher", NETWORK, ROW);
      assertHolds(reads, 1);
      write(reads, 2);
      assertMissing(reads, 2);
      assertEquals(new CacheUse(1, 1, 1, 0), second.use());
      write(writes, 2);
      assertHolds(writes, 1, 2);
    }
  }

  /** Another process: writes a row, says so, and keeps the file until its input ends. */
  static final class Writer {

    public static void main(String[] arguments) throws IOException {
      try (CacheFolder cache = new CacheFolder(Path.of(arguments[0]), 1 << 20)) {
        write(cache.open("teacher", NETWORK, ROW), 1);
        System.out.println("written");
        System.in.read();
      }
    }
  }

  @Test
  void twoProcessesShareTheFolder() throws Exception {
    try (CacheFolder cache = open()) {
      write(cache.open("teacher", NETWORK, ROW), 7); // so that the other one finds a file
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    Process other =
        new ProcessBuilder(java, "-cp", classPath, Writer.class.getName(), folder.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var said = other.inputReader()) {
      assertTrue(said.lines().anyMatch("written"::equals));
      try (CacheFolder cache = open()) {
        FeatureFile file = cache.open("teacher", NETWORK, ROW);
        assertHolds(file, 1, 7);
        write(file, 2);
        assertEquals(new CacheUse(2, 0, 1, 0), cache.use());
      }
    } finally {
      other.getOutputStream().close();
      assertTrue(other.waitFor(30, TimeUnit.SECONDS));
    }
    assertEquals(0, other.exitValue());
    try (CacheFolder cache = open()) {
      FeatureFile file = cache.open("teacher", NETWORK, ROW);
      assertHolds(file, 1, 7);
      write(file, 2);
      assertHolds(file, 2);
    }
  }

  @Test
  void aFullFolderKeepsWhatItHas() {
    try (CacheFolder cache = new CacheFolder(folder, 2 * HEADER + 3 * RECORD)) {
      FeatureFile a = cache.open("a", NETWORK, ROW);
      FeatureFile b = cache.open("b", NETWORK, ROW);
      write(a, 1, 2);
      write(b, 1, 2, 3);
      assertHolds(a, 1, 2);
      assertHolds(b, 1);
      assertMissing(b, 2, 3);
      assertEquals(new CacheUse(3, 2, 2, 0), cache.use());
    }
  }

  @Test
  void whatWasUnusedForLongestMakesRoom() throws IOException {
    try (CacheFolder cache = open()) {
      write(cache.open("old", NETWORK, ROW), 1, 2, 3);
      write(cache.open("new", NETWORK, ROW), 1, 2, 3);
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        boolean old = file.getFileName().toString().startsWith("old");
        Files.setLastModifiedTime(file, FileTime.fromMillis(old ? 1_000 : 2_000));
      }
    }
    Files.writeString(folder.resolve("notes.txt"), "not the cache's");
    try (CacheFolder cache = new CacheFolder(folder, 2 * HEADER + 8 * RECORD)) {
      FeatureFile file = cache.open("newest", NETWORK, ROW);
      write(file, 1, 2, 3, 4, 5);
      assertEquals(0, cache.use().refused());
      assertHolds(file, 1, 2, 3, 4, 5);
      assertEquals(List.of("new", "newest", "notes"), names());
      write(file, 6, 7, 8, 9);
      assertEquals(List.of("newest", "notes"), names());
      write(file, 10);
      assertEquals(1, cache.use().refused());
    }
    CacheFolder.delete(folder);
    assertEquals(List.of("notes"), names());
    Files.delete(folder.resolve("notes.txt"));
    CacheFolder.delete(folder);
    assertFalse(Files.exists(folder));
    CacheFolder.delete(folder);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString().split("[-.]")[0]).sorted().toList();
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsTheUsersToRepair() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    UserError error = assertThrows(UserError.class, () -> new CacheFolder(file.resolve("x"), 1));
    assertTrue(error.getMessage().contains("cache.dir"), error.getMessage());
  }
}
