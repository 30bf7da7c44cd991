package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

/** The 64-bit records of a zip file, on a sparse file of 5 GiB. */
class ZipDirectoryTest {

  private static final long LARGE = 5L << 30;
  private static final int UNKNOWN = -1;

  @TempDir Path folder;

  @Test
  void entriesBeyondFourGibibytes() throws IOException {
    Path path = folder.resolve("large.zip");
    byte[] content = {1, 2, 3};
    long second = 30 + 3 + LARGE;
    long directory = second + 30 + 5 + content.length;
    ByteBuffer tail = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
    central(tail, "big", LARGE, 0);
    central(tail, "small", content.length, second);
    int length = tail.position();
    tail.putInt(0x06064b50).putLong(44).putInt(0).putInt(0).putInt(0);
    tail.putLong(2).putLong(2).putLong(length).putLong(directory);
    tail.putInt(0x07064b50).putInt(0).putLong(directory + length).putInt(1);
    tail.putInt(0x06054b50).putInt(0).putShort((short) UNKNOWN).putShort((short) UNKNOWN);
    tail.putInt(UNKNOWN).putInt(UNKNOWN).putShort((short) 0);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(local("big"));
      file.seek(second);
      file.write(local("small"));
      file.write(content);
      file.write(tail.array(), 0, tail.position());
    }
    try (MappedFile file = MappedFile.open(path)) {
      ZipDirectory zip = ZipDirectory.read(file);
      assertEquals(new ZipDirectory.Stored(33, LARGE), zip.stored("big"));
      ZipDirectory.Stored small = zip.stored("small");
      assertArrayEquals(content, file.bytes(small.start(), (int) small.size()));
      assertThrows(UserError.class, () -> zip.stored("none"));
    }
  }

  private static byte[] local(String name) {
    ByteBuffer header = ByteBuffer.allocate(30 + name.length()).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0, 0x04034b50).putShort(26, (short) name.length());
    return header.position(30).put(name.getBytes(StandardCharsets.UTF_8)).array();
  }

  /** An entry whose sizes and place are all in the 64-bit extra field, after an unrelated one. */
  private static void central(ByteBuffer to, String name, long size, long place) {
    int start = to.position();
    to.putInt(start, 0x02014b50).putInt(start + 20, UNKNOWN).putInt(start + 24, UNKNOWN);
    to.putShort(start + 28, (short) name.length()).putShort(start + 30, (short) (6 + 28));
    to.putInt(start + 42, UNKNOWN);
    to.position(start + 46).put(name.getBytes(StandardCharsets.UTF_8));
    to.putShort((short) 0x4246).putShort((short) 2).putShort((short) 0);
    to.putShort((short) 1).putShort((short) 24).putLong(size).putLong(size).putLong(place);
  }
}
