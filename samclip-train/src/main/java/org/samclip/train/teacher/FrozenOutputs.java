package org.samclip.train.teacher;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.cache.FeatureFile;
import org.samclip.data.cache.FeatureKey;
import org.samclip.kernel.Autograd;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;

/**
 * What a frozen network says of the images of a batch: computed, or read from a cache and computed
 * once for each image.
 *
 * <p>The cache holds a row as a power of two and float16 values times it: 11 significant bits from
 * the row's largest value down to 2^-29 of it, whatever their size (outputs of a ViT pass float16's
 * greatest value). With a cache, rows take that form before they are used for the first time, so
 * that results do not depend on what the cache held.
 */
public final class FrozenOutputs {

  /** Exponent of the largest value of a row once scaled; float16 ends below 2^16. */
  private static final int TOP = 14;

  private final FrozenNetwork network;
  private final Optional<CacheFolder> cache;
  private String hash;

  /**
   * @param network is asked
   * @param cache keeps its outputs, if there is one
   */
  public FrozenOutputs(FrozenNetwork network, Optional<CacheFolder> cache) {
    this.network = network;
    this.cache = cache;
  }

  /**
   * @param view images as the network sees them
   * @param part of the batch
   * @param local owns the result
   * @return [part, row...], without gradient
   */
  public NDArray of(ImageView view, MicroBatch.Part part, NDManager local) {
    try (Autograd off = Autograd.disabled()) {
      return cache.isPresent()
          ? cached(cache.get(), view, part, local)
          : network.output().apply(view.toArray(local, part.from(), part.to()));
    }
  }

  private NDArray cached(
      CacheFolder folder, ImageView view, MicroBatch.Part part, NDManager local) {
    Shape shape = network.row().apply(view.side());
    int length = Math.toIntExact(shape.size());
    if (hash == null) {
      hash = network.hash(); // once, as the network does not learn
    }
    FeatureFile file = folder.open(network.name(), hash, Row.bytes(length));
    List<FeatureKey> keys =
        IntStream.range(part.from(), part.to()).parallel().mapToObj(view::key).toList();
    List<Row> rows = new ArrayList<>();
    List<Integer> missing = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      Row row = new Row(length);
      if (!file.read(keys.get(i), row.bytes.clear())) {
        missing.add(i);
      }
      rows.add(row);
    }
    if (!missing.isEmpty()) {
      List<Integer> images = missing.stream().map(i -> part.from() + i).toList();
      NDArray output = network.output().apply(view.toArray(local, images));
      List<Row> computed = Row.of(output.reshape(missing.size(), length));
      for (int i = 0; i < missing.size(); i++) {
        rows.set(missing.get(i), computed.get(i));
        file.write(keys.get(missing.get(i)), computed.get(i).bytes.clear());
      }
    }
    return Row.toArray(rows, local).reshape(new Shape(part.size()).addAll(shape));
  }

  /** One image's output: the exponent as an int, then float16 values, little-endian. */
  private static final class Row {

    private final ByteBuffer bytes;

    Row(int length) {
      bytes = ByteBuffer.allocate(bytes(length)).order(ByteOrder.LITTLE_ENDIAN);
    }

    static int bytes(int length) {
      return Math.addExact(Integer.BYTES, Math.multiplyExact(length, Short.BYTES));
    }

    /**
     * @param values [n, length]
     */
    static List<Row> of(NDArray values) {
      int length = Math.toIntExact(values.getShape().get(1));
      float[] largest = values.abs().max(new int[] {1}).toFloatArray();
      int[] exponents = new int[largest.length];
      float[] factors = new float[largest.length];
      for (int i = 0; i < largest.length; i++) {
        // Of zero and of what is not finite the exponent is no help; the values stay as they are.
        boolean plain = largest[i] == 0 || !Float.isFinite(largest[i]);
        exponents[i] = plain ? 0 : Math.max(Float.MIN_EXPONENT, Math.getExponent(largest[i]) - TOP);
        factors[i] = Math.scalb(1f, -exponents[i]);
      }
      NDArray scale = values.getManager().create(factors, new Shape(factors.length, 1));
      ByteBuffer halves = values.mul(scale).toType(DataType.FLOAT16, false).toByteBuffer();
      List<Row> rows = new ArrayList<>();
      for (int exponent : exponents) {
        Row row = new Row(length);
        row.bytes.putInt(exponent);
        int size = length * Short.BYTES;
        row.bytes.put(halves.slice(halves.position(), size));
        halves.position(halves.position() + size);
        rows.add(row);
      }
      return rows;
    }

    /** [rows, length], float32. */
    static NDArray toArray(List<Row> rows, NDManager manager) {
      int size = rows.get(0).bytes.capacity() - Integer.BYTES;
      ByteBuffer halves =
          ByteBuffer.allocateDirect(Math.multiplyExact(rows.size(), size))
              .order(ByteOrder.nativeOrder());
      float[] factors = new float[rows.size()];
      for (int i = 0; i < factors.length; i++) {
        ByteBuffer row = rows.get(i).bytes.clear();
        factors[i] = Math.scalb(1f, row.getInt());
        halves.put(row);
      }
      Shape shape = new Shape(factors.length, size / Short.BYTES);
      NDArray values = manager.create(halves.flip(), shape, DataType.FLOAT16);
      return values
          .toType(DataType.FLOAT32, false)
          .mul(manager.create(factors, new Shape(factors.length, 1)));
    }
  }
}
