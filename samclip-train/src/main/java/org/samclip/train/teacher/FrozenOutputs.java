package org.samclip.train.teacher;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.cache.FeatureFile;
import org.samclip.data.cache.FeatureKey;
import org.samclip.kernel.Autograd;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;

/**
 * What a frozen network says of the images of a batch: computed, or read from a cache and computed
 * once for each image. All outputs that are asked for come of one pass.
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
  private final Map<String, String> hashes = new HashMap<>();

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
   * @param names of outputs
   * @param local owns the results
   * @return [part, row...] by name, without gradient
   */
  public Map<String, NDArray> of(
      ImageView view, MicroBatch.Part part, Set<String> names, NDManager local) {
    try (Autograd off = Autograd.disabled()) {
      return cache.isPresent()
          ? cached(cache.get(), view, part, names, local)
          : network.outputs().of(view.toArray(local, part.from(), part.to()), names);
    }
  }

  private Map<String, NDArray> cached(
      CacheFolder folder,
      ImageView view,
      MicroBatch.Part part,
      Set<String> names,
      NDManager local) {
    List<FeatureKey> keys =
        IntStream.range(part.from(), part.to()).parallel().mapToObj(view::key).toList();
    Map<String, Rows> found = new LinkedHashMap<>();
    Set<Integer> missing = new TreeSet<>();
    for (String name : names) {
      Rows rows = new Rows(folder, name, network.rows().get(name).apply(view.side()));
      rows.read(keys);
      found.put(name, rows);
      missing.addAll(rows.missing);
    }
    if (!missing.isEmpty()) {
      List<Integer> asked = List.copyOf(missing);
      NDArray images = view.toArray(local, asked.stream().map(i -> part.from() + i).toList());
      Map<String, NDArray> outputs = network.outputs().of(images, names);
      found.forEach((name, rows) -> rows.write(keys, asked, outputs.get(name)));
    }
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    found.forEach((name, rows) -> arrays.put(name, rows.toArray(local)));
    return arrays;
  }

  /** One output of some images, as it stands in its file. */
  private final class Rows {
    private final FeatureFile file;
    private final Shape shape;
    private final int length;
    private final List<Row> rows = new ArrayList<>();
    private final List<Integer> missing = new ArrayList<>();

    Rows(CacheFolder folder, String name, Shape shape) {
      this.shape = shape;
      this.length = Math.toIntExact(shape.size());
      // Once, as the network does not learn.
      String hash = hashes.computeIfAbsent(name, network::hash);
      this.file = folder.open(network.name() + "-" + name, hash, Row.bytes(length));
    }

    void read(List<FeatureKey> keys) {
      for (int i = 0; i < keys.size(); i++) {
        Row row = new Row(length);
        if (!file.read(keys.get(i), row.bytes.clear())) {
          missing.add(i);
        }
        rows.add(row);
      }
    }

    /** Keeps what was computed for the images that were asked for, if this output lacked it. */
    void write(List<FeatureKey> keys, List<Integer> asked, NDArray output) {
      List<Row> computed = Row.of(output.reshape(asked.size(), length));
      for (int i : missing) {
        Row row = computed.get(asked.indexOf(i));
        rows.set(i, row);
        file.write(keys.get(i), row.bytes.clear());
      }
    }

    NDArray toArray(NDManager local) {
      return Row.toArray(rows, local).reshape(new Shape(rows.size()).addAll(shape));
    }
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
