package org.samclip.data.transform;

/**
 * Changes of an image's colours, with the arithmetic of {@code torchvision.transforms.v2} on uint8
 * tensors: float32, results cut off (not rounded) to bytes. The weights of grey are .2989, .587 and
 * .114, and grey is cut off to whole numbers before it is used.
 *
 * <p>Where torch multiplies and adds in one step, the sum is taken in double here: the product of
 * two floats is exact in it, and the value is rounded to float once.
 */
final class ColourChange {

  private static final float TO_UNIT = (float) (1.0 / 255);
  private static final float SIXTH = (float) (1.0 / 6);

  /** Just under 256, so that 1 becomes 255 (torchvision's {@code to_dtype}). */
  private static final float TO_BYTE = (float) (255 + 1.0 - 1e-3);

  private ColourChange() {}

  /**
   * @param image any
   * @param factor 0 black, 1 as it is
   * @return {@code factor * image}
   */
  static RgbImage brightness(RgbImage image, double factor) {
    byte[] table = new byte[256];
    for (int value = 0; value < table.length; value++) {
      table[value] = toByte(value * (float) factor);
    }
    return mapped(image, table);
  }

  /**
   * @param image any
   * @param factor 0 the mean grey, 1 as it is
   * @return {@code factor * image + (1 - factor) * mean of grey}
   */
  static RgbImage contrast(RgbImage image, double factor) {
    byte[] rgb = image.rgb();
    long sum = 0;
    for (int i = 0; i < rgb.length; i += 3) {
      sum += greyOf(rgb, i);
    }
    int pixels = rgb.length / 3;
    float mean = (float) sum / (float) pixels;
    byte[] table = new byte[256];
    for (int value = 0; value < table.length; value++) {
      table[value] = blend(value, (float) factor, mean, (float) (1 - factor));
    }
    return mapped(image, table);
  }

  /**
   * @param image any
   * @param factor 0 grey, 1 as it is
   * @return {@code factor * image + (1 - factor) * grey}
   */
  static RgbImage saturation(RgbImage image, double factor) {
    byte[] rgb = image.rgb();
    byte[] out = new byte[rgb.length];
    float ratio = (float) factor;
    float rest = (float) (1 - factor);
    for (int i = 0; i < rgb.length; i += 3) {
      float grey = greyOf(rgb, i);
      for (int c = i; c < i + 3; c++) {
        out[c] = blend(rgb[c] & 0xFF, ratio, grey, rest);
      }
    }
    return new RgbImage(image.width(), image.height(), out);
  }

  /**
   * @param image any
   * @return all three channels grey
   */
  static RgbImage grey(RgbImage image) {
    byte[] rgb = image.rgb();
    byte[] out = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i += 3) {
      byte grey = (byte) greyOf(rgb, i);
      out[i] = grey;
      out[i + 1] = grey;
      out[i + 2] = grey;
    }
    return new RgbImage(image.width(), image.height(), out);
  }

  /**
   * @param image any
   * @param threshold 0..255
   * @return {@code 255 - value} for values from the threshold on
   */
  static RgbImage solarise(RgbImage image, int threshold) {
    byte[] table = new byte[256];
    for (int value = 0; value < table.length; value++) {
      table[value] = (byte) (value >= threshold ? 255 - value : value);
    }
    return mapped(image, table);
  }

  /**
   * @param image any
   * @param turns of the colour circle, -0.5..0.5
   * @return the image with its hue in HSV turned
   */
  static RgbImage hue(RgbImage image, double turns) {
    byte[] rgb = image.rgb();
    byte[] out = new byte[rgb.length];
    float turn = (float) turns;
    for (int i = 0; i < rgb.length; i += 3) {
      float r = (rgb[i] & 0xFF) * TO_UNIT;
      float g = (rgb[i + 1] & 0xFF) * TO_UNIT;
      float b = (rgb[i + 2] & 0xFF) * TO_UNIT;
      float most = Math.max(r, Math.max(g, b));
      float range = most - Math.min(r, Math.min(g, b));
      float s = range == 0 ? 0 : range / most;
      float h = turned(hueOf(r, g, b, most, range), turn);
      int sector = (int) Math.floor(h * 6);
      float f = h * 6 - sector;
      float dull = 1 - s;
      byte v = toByte(most * TO_BYTE);
      byte p = unit(dull * most);
      byte q = unit((1 - s * f) * most);
      byte t = unit((s * f + dull) * most);
      out[i] = pick(sector, v, q, p, p, t, v);
      out[i + 1] = pick(sector, t, v, v, q, p, p);
      out[i + 2] = pick(sector, p, p, t, v, v, q);
    }
    return new RgbImage(image.width(), image.height(), out);
  }

  /** In 0..1; 0 for grey. */
  private static float hueOf(float r, float g, float b, float most, float range) {
    float divisor = range == 0 ? 1 : range;
    float rc = (most - r) / divisor;
    float gc = (most - g) / divisor;
    float bc = (most - b) / divisor;
    float sixths;
    if (most == r) {
      sixths = bc - gc;
    } else if (most == g) {
      sixths = rc + 2 - bc;
    } else {
      sixths = gc + 4 - rc;
    }
    float h = sixths * SIXTH + 1;
    return h >= 1 ? h - 1 : h;
  }

  /** A sum within -0.5..1.5, taken back to 0..1. */
  private static float turned(float h, float turn) {
    float sum = h + turn;
    if (sum < 0) {
      return sum + 1;
    }
    return sum >= 1 ? sum - 1 : sum;
  }

  /** The value for one sixth of the colour circle; a hue that rounding took to 1 begins anew. */
  private static byte pick(int sector, byte a, byte b, byte c, byte d, byte e, byte f) {
    return switch (sector) {
      case 1 -> b;
      case 2 -> c;
      case 3 -> d;
      case 4 -> e;
      case 5 -> f;
      default -> a;
    };
  }

  private static byte unit(float value) {
    return toByte(Math.max(0, Math.min(1, value)) * TO_BYTE);
  }

  private static int greyOf(byte[] rgb, int at) {
    float red = (rgb[at] & 0xFF) * 0.2989f;
    float yellow = (float) (red + (double) 0.587f * (rgb[at + 1] & 0xFF));
    return (int) (float) (yellow + (double) 0.114f * (rgb[at + 2] & 0xFF));
  }

  private static byte blend(int value, float ratio, float other, float rest) {
    return toByte((float) (value * ratio + (double) other * rest));
  }

  private static byte toByte(float value) {
    return (byte) (int) Math.max(0, Math.min(255, value));
  }

  private static RgbImage mapped(RgbImage image, byte[] table) {
    byte[] rgb = image.rgb();
    byte[] out = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      out[i] = table[rgb[i] & 0xFF];
    }
    return new RgbImage(image.width(), image.height(), out);
  }
}
