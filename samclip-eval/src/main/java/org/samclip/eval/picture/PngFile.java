package org.samclip.eval.picture;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.transform.LabelMap;

/** Pictures as PNG files, whole or not at all. */
public final class PngFile {

  private PngFile() {}

  /**
   * @param path the file to replace or create
   * @param picture what it shall show
   * @throws org.samclip.UserError if it cannot be written
   */
  public static void write(Path path, BufferedImage picture) {
    byte[] bytes = encode(picture);
    AtomicFile.write(path, out -> out.write(bytes));
  }

  /**
   * Writes a mask in grey: 255 inside, 0 outside.
   *
   * @param path the file to replace or create
   * @param mask zeros and ones
   * @throws org.samclip.UserError if it cannot be written
   */
  public static void write(Path path, LabelMap mask) {
    BufferedImage picture =
        new BufferedImage(mask.width(), mask.height(), BufferedImage.TYPE_BYTE_GRAY);
    int[] row = new int[mask.width()];
    for (int y = 0; y < mask.height(); y++) {
      for (int x = 0; x < row.length; x++) {
        row[x] = mask.at(x, y) == 0 ? 0 : 255;
      }
      picture.getRaster().setSamples(0, y, row.length, 1, 0, row);
    }
    write(path, picture);
  }

  private static byte[] encode(BufferedImage picture) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      // Java's own cache would be a temporary file.
      ImageIO.setUseCache(false);
      if (!ImageIO.write(picture, "png", out)) {
        throw new IllegalStateException("this JDK has no PNG writer");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
