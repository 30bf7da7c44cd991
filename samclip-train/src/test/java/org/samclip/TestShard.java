package org.samclip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.samclip.data.transform.RgbImage;

/** Writes a small tar file, good or bad. */
public final class TestShard implements AutoCloseable {

  private final TarArchiveOutputStream tar;

  public TestShard(Path file) throws IOException {
    tar = new TarArchiveOutputStream(Files.newOutputStream(file));
  }

  public void add(String name, byte[] content) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }

  /** A one-colour PNG. */
  public static byte[] png(int width, int height, int value) {
    byte[] rgb = new byte[3 * width * height];
    java.util.Arrays.fill(rgb, (byte) value);
    return new RgbImage(width, height, rgb).toPng();
  }
}
