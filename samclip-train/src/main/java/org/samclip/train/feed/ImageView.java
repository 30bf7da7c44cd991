package org.samclip.train.feed;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.ToIntFunction;
import org.samclip.UserError;
import org.samclip.data.cache.FeatureKey;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.kernel.Kernels;

/**
 * Square images of a batch as one model sees them. They stay bytes, a quarter of the values' size,
 * until a part of them reaches the device, where they are normalised. Views of several models may
 * share their images.
 *
 * @param side in pixels
 * @param normalisation of the model
 * @param images each at most side x side; what is missing at the right and the bottom is padding,
 *     zeros behind the normalisation
 */
public record ImageView(int side, Normalisation normalisation, List<RgbImage> images) {

  private static final int CHANNELS = 3;

  /** Checks the sizes. */
  public ImageView {
    images = List.copyOf(images);
    for (RgbImage image : images) {
      if (image.width() > side || image.height() > side) {
        throw new IllegalArgumentException(
            image.width() + " x " + image.height() + " in a square of " + side);
      }
    }
  }

  /** B, the number of images. */
  public int count() {
    return images.size();
  }

  /**
   * @return what the images take on the heap
   */
  public long bytes() {
    return images.stream().mapToLong(image -> image.rgb().length).sum();
  }

  /**
   * @param index of an image
   * @return its key in a cache
   */
  public FeatureKey key(int index) {
    return FeatureKey.of(images.get(index), side, normalisation);
  }

  /**
   * @param manager owns the result
   * @return [B, 3, side, side]
   */
  public NDArray toArray(NDManager manager) {
    return normalised(manager, images);
  }

  /**
   * @param manager owns the result
   * @param from first image
   * @param to end, exclusive
   * @return [to - from, 3, side, side]
   * @throws UserError if they are more bytes than one array holds
   */
  public NDArray toArray(NDManager manager, int from, int to) {
    return normalised(manager, images.subList(from, to));
  }

  /**
   * @param manager owns the result
   * @param indices which images
   * @return [indices, 3, side, side]
   */
  public NDArray toArray(NDManager manager, List<Integer> indices) {
    return normalised(manager, indices.stream().map(images::get).toList());
  }

  private NDArray normalised(NDManager manager, List<RgbImage> chosen) {
    Shape shape = new Shape(chosen.size(), side, side, CHANNELS);
    NDArray values =
        Kernels.normalisePixels(
            manager.create(pack(chosen), shape, DataType.UINT8),
            manager.create(new float[] {normalisation.divisor()}),
            channels(manager, normalisation.mean()),
            channels(manager, normalisation.std()));
    boolean padded = chosen.stream().anyMatch(i -> i.width() < side || i.height() < side);
    return padded
        ? Kernels.clearOutside(
            values,
            sizes(manager, chosen, RgbImage::height),
            sizes(manager, chosen, RgbImage::width))
        : values;
  }

  /** The images in the upper left corners of squares, outside the heap: [chosen, side, side, 3]. */
  private ByteBuffer pack(List<RgbImage> chosen) {
    long size = (long) chosen.size() * side * side * CHANNELS;
    if (size > Integer.MAX_VALUE) {
      throw new UserError(
          "micro_batch: a pass of "
              + chosen.size()
              + " images of "
              + side
              + " px takes "
              + size
              + " bytes, more than one array holds; give a smaller micro_batch");
    }
    ByteBuffer packed = ByteBuffer.allocateDirect((int) size);
    int row = side * CHANNELS;
    for (int i = 0; i < chosen.size(); i++) {
      RgbImage image = chosen.get(i);
      int at = i * side * row;
      int length = image.width() * CHANNELS;
      if (length == row) {
        packed.put(at, image.rgb());
        continue;
      }
      for (int y = 0; y < image.height(); y++) {
        packed.put(at + y * row, image.rgb(), y * length, length);
      }
    }
    return packed;
  }

  private static NDArray channels(NDManager manager, List<Float> values) {
    float[] array = {values.get(0), values.get(1), values.get(2)};
    return manager.create(array, new Shape(CHANNELS, 1, 1));
  }

  private static NDArray sizes(
      NDManager manager, List<RgbImage> images, ToIntFunction<RgbImage> size) {
    long[] sizes = images.stream().mapToInt(size).asLongStream().toArray();
    return manager.create(sizes, new Shape(sizes.length, 1));
  }
}
