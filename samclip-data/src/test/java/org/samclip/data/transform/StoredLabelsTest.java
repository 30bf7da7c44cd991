package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.data.BrokenSampleException;

/**
 * Label maps of every form of one-channel PNG. The same files were read with Pillow 12.3 ({@code
 * numpy.array(Image.open(file))}): equal to the numbers here, for grey levels of 2 and 4 bits after
 * division by 85 and 17, as Pillow spreads them over 0..255.
 */
class StoredLabelsTest {

  private static final int WIDTH = 13;
  private static final int HEIGHT = 11;

  @ParameterizedTest
  @CsvSource({
    "1, false",
    "2, false",
    "4, false",
    "8, false",
    "16, false",
    "1, true",
    "2, true",
    "4, true",
    "8, true"
  })
  void numbersAreThoseThatAreStored(int bits, boolean palette) {
    int[] values = new int[WIDTH * HEIGHT];
    char[] expected = new char[values.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) ((977L * (i % WIDTH) + 61L * (i / WIDTH)) & (1 << bits) - 1);
      expected[i] = (char) values[i];
    }
    for (boolean interlaced : new boolean[] {false, true}) {
      for (boolean transparent : new boolean[] {false, true}) {
        TestPng png = new TestPng(WIDTH, HEIGHT, bits, palette, interlaced, transparent);
        StoredLabels found = ImageDecoder.decodeLabels(png.write(values), "x", 1000);
        assertEquals(WIDTH, found.width());
        assertEquals(HEIGHT, found.height());
        assertArrayEquals(expected, found.numbers(), png.toString());
      }
    }
  }

  @Test
  void whatHoldsNoNumbersIsRefused() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB}) {
      assertTrue(failure(write(type, "png")).contains("option colours"));
    }
    assertTrue(failure(write(BufferedImage.TYPE_BYTE_GRAY, "jpeg")).contains("is a PNG file"));
    byte[] png = new TestPng(40, 40, 8, false, false, false).write(new int[1600]);
    assertTrue(failure(png).contains("40 x 40 pixels, allowed: 1000"));
  }

  private static String failure(byte[] bytes) {
    return assertThrows(
            BrokenSampleException.class, () -> ImageDecoder.decodeLabels(bytes, "x", 1000))
        .getMessage();
  }

  private static byte[] write(int type, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(4, 3, type), format, out);
    return out.toByteArray();
  }
}
