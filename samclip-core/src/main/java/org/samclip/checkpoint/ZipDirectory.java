package org.samclip.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;

/**
 * The central directory of a zip file, read so that uncompressed entries can be used in place.
 * Every length is checked against the file before it is used. Format: PKWARE APPNOTE 4.3 and 4.5.3
 * (ZIP64).
 */
final class ZipDirectory {

  /** A torch archive has one entry a storage: tens of thousands in the largest models. */
  private static final int MAX_ENTRIES = 200_000;

  private static final int MAX_COMMENT = 0xffff;
  private static final int END_SIZE = 22;
  private static final int LOCATOR_SIZE = 20;
  private static final int END64_SIZE = 56;
  private static final int CENTRAL_SIZE = 46;
  private static final int LOCAL_SIZE = 30;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final long IN_ZIP64 = 0xffffffffL;

  private final MappedFile file;
  private final Map<String, Central> entries = new LinkedHashMap<>();

  /** What the directory says of an entry. */
  private record Central(int flags, int method, long packed, long size, long header, byte[] name) {}

  /**
   * An uncompressed entry.
   *
   * @param start the file position of its first byte
   * @param size in bytes, all within the file
   */
  record Stored(long start, long size) {}

  private ZipDirectory(MappedFile file) {
    this.file = file;
  }

  static ZipDirectory read(MappedFile file) {
    ZipDirectory directory = new ZipDirectory(file);
    directory.readEntries();
    return directory;
  }

  Set<String> names() {
    return entries.keySet();
  }

  /**
   * @param name of an entry
   * @return where its bytes are
   * @throws UserError if there is no such entry, it is compressed or encrypted, or leaves the file
   */
  Stored stored(String name) {
    Central entry = entries.get(name);
    if (entry == null) {
      throw broken("entry " + name + " is missing");
    }
    if (entry.method != 0 || (entry.flags & 1) != 0) {
      throw new UserError(
          "%s: zip entry %s is compressed or encrypted; torch.save stores plain entries. Save the checkpoint again, or convert it to safetensors."
              .formatted(file.path(), Printable.of(name)));
    }
    if (entry.packed != entry.size) {
      throw broken("entry " + name + " claims two sizes, " + entry.packed + " and " + entry.size);
    }
    ByteBuffer local = part(entry.header, LOCAL_SIZE, "local header of " + name);
    int nameLength = u16(local, 26);
    long start = entry.header + LOCAL_SIZE + nameLength + u16(local, 28);
    if (local.getInt(0) != LOCAL_SIGNATURE
        || nameLength != entry.name.length
        || !Arrays.equals(
            part(entry.header + LOCAL_SIZE, nameLength, "name of " + name).array(), entry.name)) {
      throw broken("entry " + name + " has no matching local header");
    }
    if (start > file.size() || entry.size > file.size() - start) {
      throw broken("entry " + name + " claims " + entry.size + " bytes, more than the file has");
    }
    return new Stored(start, entry.size);
  }

  private void readEntries() {
    long end = findEnd();
    ByteBuffer record = part(end, END_SIZE, "end record");
    long count = u16(record, 10);
    long length = u32(record, 12);
    long start = u32(record, 16);
    if (end >= LOCATOR_SIZE) {
      ByteBuffer locator = part(end - LOCATOR_SIZE, LOCATOR_SIZE, "locator");
      if (locator.getInt(0) == LOCATOR_SIGNATURE) {
        ByteBuffer record64 = part(locator.getLong(8), END64_SIZE, "64-bit end record");
        if (record64.getInt(0) != END64_SIGNATURE) {
          throw broken("its 64-bit end record is not where the locator says");
        }
        count = record64.getLong(32);
        length = record64.getLong(40);
        start = record64.getLong(48);
      }
    }
    if (count < 0 || count > MAX_ENTRIES) {
      throw broken(
          "it claims " + Long.toUnsignedString(count) + " entries, at most " + MAX_ENTRIES);
    }
    if (start < 0 || length < 0 || start > end || length > end - start) {
      throw broken("its directory lies outside the file");
    }
    long position = start;
    for (long i = 0; i < count; i++) {
      position = readCentral(position, start + length);
    }
  }

  private long findEnd() {
    long from = Math.max(0, file.size() - END_SIZE - MAX_COMMENT);
    ByteBuffer tail = part(from, (int) (file.size() - from), "tail");
    for (int i = tail.capacity() - END_SIZE; i >= 0; i--) {
      if (tail.getInt(i) == END_SIGNATURE && i + END_SIZE + u16(tail, i + 20) == tail.capacity()) {
        return from + i;
      }
    }
    throw broken("it has no end record; the file is truncated");
  }

  private long readCentral(long position, long end) {
    if (position > end - CENTRAL_SIZE) {
      throw broken("its directory is shorter than its entry count says");
    }
    ByteBuffer central = part(position, CENTRAL_SIZE, "directory entry");
    int nameLength = u16(central, 28);
    int extraLength = u16(central, 30);
    long next = position + CENTRAL_SIZE + nameLength + extraLength + u16(central, 32);
    if (central.getInt(0) != CENTRAL_SIGNATURE || next > end) {
      throw broken("its directory is damaged at byte " + position);
    }
    byte[] rawName = part(position + CENTRAL_SIZE, nameLength, "entry name").array();
    ByteBuffer extra = part(position + CENTRAL_SIZE + nameLength, extraLength, "extra field");
    long[] wide = {u32(central, 24), u32(central, 20), u32(central, 42)};
    readZip64(extra, wide);
    String name = checkedName(rawName);
    Central entry =
        new Central(u16(central, 8), u16(central, 10), wide[1], wide[0], wide[2], rawName);
    if (entry.size < 0 || entry.packed < 0 || entry.header < 0) {
      throw broken("entry " + name + " has a negative size or place");
    }
    if (entries.put(name, entry) != null) {
      throw broken("entry " + name + " appears twice");
    }
    return next;
  }

  /** Replaces the fields that did not fit 32 bits: size, packed size, place, in this order. */
  private void readZip64(ByteBuffer extra, long[] wide) {
    while (extra.remaining() >= 4) {
      int id = Short.toUnsignedInt(extra.getShort());
      int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
      ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      if (id == 1) {
        for (int i = 0; i < wide.length; i++) {
          if (wide[i] == IN_ZIP64) {
            if (field.remaining() < 8) {
              throw broken("a 64-bit extra field is too short");
            }
            wide[i] = field.getLong();
          }
        }
        return;
      }
    }
  }

  private String checkedName(byte[] raw) {
    String name = new String(raw, StandardCharsets.UTF_8);
    boolean climbs = Arrays.asList(name.split("/", -1)).contains("..");
    if (name.isEmpty() || name.startsWith("/") || name.matches("(?s).*[\\\\:\\x00].*") || climbs) {
      throw broken("an entry's name is not a plain relative path");
    }
    return name;
  }

  private ByteBuffer part(long position, int length, String what) {
    if (position < 0 || length < 0 || position > file.size() - length) {
      throw broken("its " + what + " lies outside the file");
    }
    return ByteBuffer.wrap(file.bytes(position, length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private UserError broken(String cause) {
    return new UserError(
        file.path()
            + " is not a sound torch archive (zip): "
            + Printable.of(cause)
            + ". Fetch or save it again.");
  }

  private static int u16(ByteBuffer from, int index) {
    return Short.toUnsignedInt(from.getShort(index));
  }

  private static long u32(ByteBuffer from, int index) {
    return Integer.toUnsignedLong(from.getInt(index));
  }
}
