package org.samclip.train.bench;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.samclip.UserError;
import org.samclip.data.transform.RgbImage;

/**
 * A folder of JPEG files, given or made.
 *
 * @param folder where they are
 * @param temporary the folder to be removed when closed, or null
 */
record Photos(Path folder, TemporaryFolder temporary) implements AutoCloseable {

  private static final int COUNT = 16;

  /** A photo of SA-1B: 2250 x 1500 pixels. */
  private static final int WIDTH = 2250;

  /**
   * @param folder of images, made if there is none; null: a temporary one
   * @return the photos, at least one
   */
  static Photos in(Path folder) {
    if (folder == null) {
      TemporaryFolder temporary = TemporaryFolder.create();
      make(temporary.path());
      return new Photos(temporary.path(), temporary);
    }
    if (!Files.exists(folder)) {
      make(folder);
    }
    return new Photos(folder, null);
  }

  private static void make(Path folder) {
    try {
      Files.createDirectories(folder);
      for (int i = 0; i < COUNT; i++) {
        RgbImage photo = SyntheticData.photo(WIDTH, WIDTH * 2 / 3, i);
        BufferedImage image =
            new BufferedImage(photo.width(), photo.height(), BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < photo.height(); y++) {
          for (int x = 0; x < photo.width(); x++) {
            int rgb = photo.at(x, y, 0) << 16 | photo.at(x, y, 1) << 8 | photo.at(x, y, 2);
            image.setRGB(x, y, rgb);
          }
        }
        ImageIO.write(image, "jpg", folder.resolve("photo%02d.jpg".formatted(i)).toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot write photos", e);
    }
  }

  /** The files' bytes, in the order of their names. */
  List<byte[]> read() {
    try (Stream<Path> files = Files.list(folder)) {
      List<byte[]> photos =
          files
              .filter(f -> f.getFileName().toString().matches("(?i).*\\.jpe?g"))
              .sorted()
              .map(Photos::bytes)
              .toList();
      if (photos.isEmpty()) {
        throw new UserError("--photos " + folder + ": holds no .jpg files; name another folder");
      }
      return photos;
    } catch (IOException e) {
      throw new UserError("--photos " + folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    if (temporary != null) {
      temporary.close();
    }
  }
}
