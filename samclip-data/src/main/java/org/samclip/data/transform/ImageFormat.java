package org.samclip.data.transform;

/** The image formats that are read, told apart by their first bytes. */
public enum ImageFormat {
  /** JPEG. */
  JPEG("jpeg"),
  /** PNG. */
  PNG("png"),
  /** WebP. */
  WEBP("webp");

  /** What the decoder registry calls it. */
  private final String reader;

  ImageFormat(String reader) {
    this.reader = reader;
  }

  /** Its name, also usual as the ending of file names. */
  public String reader() {
    return reader;
  }

  /**
   * Looks at a file's beginning.
   *
   * @param bytes of the file
   * @return its format, or {@code null} if it has none of these
   */
  public static ImageFormat of(byte[] bytes) {
    if (has(bytes, 0, 0xFF, 0xD8, 0xFF)) {
      return JPEG;
    }
    if (has(bytes, 0, 0x89, 'P', 'N', 'G')) {
      return PNG;
    }
    return has(bytes, 0, 'R', 'I', 'F', 'F') && has(bytes, 8, 'W', 'E', 'B', 'P') ? WEBP : null;
  }

  private static boolean has(byte[] bytes, int from, int... signature) {
    for (int i = 0; i < signature.length; i++) {
      if (from + i >= bytes.length || (bytes[from + i] & 0xFF) != signature[i]) {
        return false;
      }
    }
    return true;
  }
}
