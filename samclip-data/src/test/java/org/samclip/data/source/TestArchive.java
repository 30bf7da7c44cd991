package org.samclip.data.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.samclip.data.transform.RgbImage;

/** Writes small tar archives, good and bad ones. */
public final class TestArchive {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes);

  public TestArchive() {
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
  }

  public TestArchive add(String name, byte[] content) {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    return put(entry, content);
  }

  public TestArchive add(String name, String content) {
    return add(name, content.getBytes(StandardCharsets.UTF_8));
  }

  public TestArchive link(String name, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
    entry.setLinkName(target);
    return put(entry, new byte[0]);
  }

  private TestArchive put(TarArchiveEntry entry, byte[] content) {
    try {
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public byte[] bytes() throws IOException {
    tar.close();
    return bytes.toByteArray();
  }

  public Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  /** A one-colour PNG. */
  public static byte[] png(int width, int height, int value) {
    byte[] rgb = new byte[3 * width * height];
    java.util.Arrays.fill(rgb, (byte) value);
    return new RgbImage(width, height, rgb).toPng();
  }
}
