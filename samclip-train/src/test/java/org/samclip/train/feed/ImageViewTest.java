package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.kernel.LibTorch;

/** What reaches the device, to the bit what the preprocessing of single images gives. */
class ImageViewTest {

  private static final int SIDE = 40;

  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
  }

  /** All 256 values in each channel, over images of the given sizes. */
  private static List<RgbImage> images(int[]... sizes) {
    SplittableRandom random = new SplittableRandom(1);
    List<RgbImage> images = new ArrayList<>();
    for (int[] size : sizes) {
      byte[] rgb = new byte[3 * size[0] * size[1]];
      random.nextBytes(rgb);
      for (int i = 0; i < Math.min(3 * 256, rgb.length); i++) {
        rgb[i] = (byte) (i / 3);
      }
      images.add(new RgbImage(size[0], size[1], rgb));
    }
    return images;
  }

  private static int[] bits(float[] values) {
    return IntStream.range(0, values.length).map(i -> Float.floatToRawIntBits(values[i])).toArray();
  }

  private static int[] expected(ImageView view, int index) {
    RgbImage image = view.images().get(index);
    return bits(view.normalisation().padded(image, view.side(), view.side()));
  }

  private static void assertSame(ImageView view, int from, NDArray got) {
    int count = (int) got.getShape().get(0);
    assertEquals(new Shape(count, 3, view.side(), view.side()), got.getShape());
    assertEquals(DataType.FLOAT32, got.getDataType());
    for (int i = 0; i < count; i++) {
      assertArrayEquals(expected(view, from + i), bits(got.get(i).toFloatArray()), "image " + i);
    }
  }

  /** Padding is a zero that is not negative. */
  @Test
  void bytesAreNormalisedToTheBit() {
    int[] whole = {SIDE, SIDE};
    for (Normalisation normalisation : List.of(Normalisation.SAM, Normalisation.CLIP)) {
      for (List<RgbImage> images :
          List.of(
              images(whole, whole),
              images(whole, new int[] {SIDE, 27}, new int[] {13, SIDE}, new int[] {1, 1}))) {
        ImageView view = new ImageView(SIDE, normalisation, images);
        assertSame(view, 0, view.toArray(manager));
        assertSame(view, 1, view.toArray(manager, 1, images.size()));
        assertArrayEquals(
            expected(view, 1), bits(view.toArray(manager, List.of(1, 0)).get(0).toFloatArray()));
      }
    }
  }

  @Test
  void bytesAreThoseOfTheImages() {
    ImageView view = new ImageView(SIDE, Normalisation.SAM, images(new int[] {SIDE, 27}));
    assertEquals(3 * SIDE * 27, view.bytes());
  }

  @Test
  void anImageLargerThanItsSquareIsRefused() {
    List<RgbImage> images = images(new int[] {SIDE, SIDE});
    assertThrows(
        IllegalArgumentException.class, () -> new ImageView(SIDE - 1, Normalisation.SAM, images));
  }

  /** 700 images of 1024 px, of one pixel each so that nothing is allocated. */
  @Test
  void aPassOfMoreThanTwoGibibytesIsTheUsersError() {
    RgbImage one = new RgbImage(1, 1, new byte[3]);
    ImageView view = new ImageView(1024, Normalisation.SAM, Collections.nCopies(700, one));
    UserError error = assertThrows(UserError.class, () -> view.toArray(manager));
    assertTrue(error.getMessage().contains("micro_batch"), error.getMessage());
    assertTrue(error.getMessage().contains("2202009600"), error.getMessage());
  }

  @Test
  void changesToTheGivenListStayOutside() {
    RgbImage[] images = images(new int[] {4, 4}).toArray(new RgbImage[0]);
    ImageView view = new ImageView(4, Normalisation.SAM, Arrays.asList(images));
    RgbImage before = images[0];
    images[0] = null;
    assertEquals(before, view.images().get(0));
  }
}
