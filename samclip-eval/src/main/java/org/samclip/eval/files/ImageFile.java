package org.samclip.eval.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.data.source.DataLimits;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.RgbImage;

/** A JPEG or PNG file that a user names. */
public final class ImageFile {

  private ImageFile() {}

  /**
   * @param file the file
   * @param limits what it may cost
   * @return the image
   * @throws UserError if it is missing, too large or damaged
   */
  public static RgbImage read(Path file, DataLimits limits) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(file + ": no such file; a JPEG or PNG image is needed");
    }
    try {
      long size = Files.size(file);
      if (size > limits.maxMemberBytes()) {
        throw new UserError(
            file + ": " + size + " bytes, allowed: " + limits.maxMemberBytes() + " for an image");
      }
      return ImageDecoder.decode(Files.readAllBytes(file), file.toString(), limits.maxPixels());
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
