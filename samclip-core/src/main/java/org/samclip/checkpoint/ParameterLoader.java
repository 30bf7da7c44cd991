package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.samclip.UserError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a checkpoint's values into existing parameters. Names, shapes and kinds of numbers are
 * compared first, and every disagreement is reported at once: either all parameters change or none.
 * The values are copied in place, so that the arrays, their views and their gradient flags stay.
 */
public final class ParameterLoader {

  private static final Logger LOG = LoggerFactory.getLogger(ParameterLoader.class);

  /** Bytes copied at once; a multiple of every element size. */
  private static final int PIECE = 8 << 20;

  /** Names listed of each kind of disagreement. */
  private static final int SHOWN = 5;

  private UnaryOperator<String> sourceName = UnaryOperator.identity();
  private Predicate<String> ignoredInFile = name -> false;
  private Predicate<String> keptInModel = name -> false;

  /**
   * What was loaded.
   *
   * @param loaded the parameters that changed
   * @param kept parameters the file lacks and the caller allowed to keep
   * @param ignored tensors of the file that the caller allowed to ignore
   * @param notFinite parameters that now hold a NaN or an infinity
   */
  public record Report(
      List<String> loaded, List<String> kept, List<String> ignored, List<String> notFinite) {}

  /**
   * Where a file and a model disagree.
   *
   * @param missing names that the file lacks
   * @param extra names that the model does not have
   * @param misfits tensors of another shape or kind of numbers, each in words
   */
  public record Differences(List<String> missing, List<String> extra, List<String> misfits) {

    /**
     * @return whether there are none
     */
    public boolean isEmpty() {
      return missing.isEmpty() && extra.isEmpty() && misfits.isEmpty();
    }
  }

  private record Expected(Shape shape, DataType type) {}

  /** Which parameter comes from which tensor, and what is left over. */
  private record Plan(
      Map<String, String> present,
      List<String> kept,
      List<String> ignored,
      Differences differences) {}

  /**
   * @param mapping from a parameter's name to the tensor's name in the file, for example {@code
   *     name -> "image_encoder." + name}
   * @return this
   */
  public ParameterLoader optSourceName(UnaryOperator<String> mapping) {
    sourceName = mapping;
    return this;
  }

  /**
   * @param ignored accepts names in the file that no parameter needs; without it they are errors
   * @return this
   */
  public ParameterLoader optIgnoredInFile(Predicate<String> ignored) {
    ignoredInFile = ignored;
    return this;
  }

  /**
   * @param kept accepts parameters that keep their values when the file lacks them; without it they
   *     are errors
   * @return this
   */
  public ParameterLoader optKeptInModel(Predicate<String> kept) {
    keptInModel = kept;
    return this;
  }

  /**
   * @param parameters initialised parameters by the names of the list
   * @param source an open checkpoint
   * @return what was done
   * @throws UserError if names, shapes or types differ; nothing has changed then
   */
  public Report load(ParameterList parameters, TensorSource source) {
    Map<String, NDArray> targets = new LinkedHashMap<>();
    for (Pair<String, Parameter> pair : parameters) {
      if (targets.put(pair.getKey(), pair.getValue().getArray()) != null) {
        throw new IllegalArgumentException("two parameters are named " + pair.getKey());
      }
    }
    return load(targets, source);
  }

  /**
   * @param targets arrays to change, by parameter name
   * @param source an open checkpoint
   * @return what was done
   * @throws UserError if names, shapes or types differ; nothing has changed then
   */
  public Report load(Map<String, NDArray> targets, TensorSource source) {
    Map<String, Expected> expected = new LinkedHashMap<>();
    targets.forEach(
        (name, array) -> expected.put(name, new Expected(array.getShape(), array.getDataType())));
    Plan plan = plan(expected, source);
    List<String> notFinite = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    plan.present.forEach(
        (name, inFile) -> {
          if (!copy(source, inFile, targets.get(name), buffer)) {
            notFinite.add(name);
          }
        });
    if (!notFinite.isEmpty()) {
      LOG.warn("{}: not finite: {}", source.path(), Printable.list(notFinite));
    }
    return new Report(List.copyOf(plan.present.keySet()), plan.kept, plan.ignored, notFinite);
  }

  /**
   * Compares without reading values, so that a file that lies about its model costs no memory.
   *
   * @param parameters float32 parameters, which need not be initialised
   * @param source an open checkpoint
   * @throws UserError if names, shapes or types differ, or a tensor has more than 2^31 - 1 values
   */
  public void check(ParameterList parameters, TensorSource source) {
    Map<String, Expected> expected = expected(parameters);
    plan(expected, source);
    expected.forEach(
        (name, tensor) -> {
          if (tensor.shape.size() > Integer.MAX_VALUE) {
            throw new UserError(
                source.path()
                    + ": "
                    + name
                    + " "
                    + tensor.shape
                    + " has more than 2^31 - 1 values");
          }
        });
  }

  /**
   * Compares without reading values.
   *
   * @param parameters float32 parameters, which need not be initialised
   * @param source an open checkpoint
   * @return where they disagree
   */
  public Differences differences(ParameterList parameters, TensorSource source) {
    return compare(expected(parameters), source).differences;
  }

  private static Map<String, Expected> expected(ParameterList parameters) {
    Map<String, Expected> expected = new LinkedHashMap<>();
    for (Pair<String, Parameter> pair : parameters) {
      expected.put(pair.getKey(), new Expected(pair.getValue().getShape(), DataType.FLOAT32));
    }
    return expected;
  }

  private Plan plan(Map<String, Expected> targets, TensorSource source) {
    Plan plan = compare(targets, source);
    if (!plan.differences.isEmpty()) {
      throw new UserError(disagreement(source, plan.differences));
    }
    return plan;
  }

  private Plan compare(Map<String, Expected> targets, TensorSource source) {
    Map<String, String> present = new LinkedHashMap<>();
    List<String> kept = new ArrayList<>();
    Set<String> missing = new LinkedHashSet<>();
    List<String> misfits = new ArrayList<>();
    Set<String> unused = new LinkedHashSet<>(source.names());
    targets.forEach(
        (name, target) -> {
          String inFile = sourceName.apply(name);
          if (unused.remove(inFile) || source.names().contains(inFile)) {
            misfit(target, source.info(inFile)).ifPresent(misfits::add);
            present.put(name, inFile);
          } else if (keptInModel.test(name)) {
            kept.add(name);
          } else {
            missing.add(inFile);
          }
        });
    List<String> ignored = unused.stream().filter(ignoredInFile).toList();
    ignored.forEach(unused::remove);
    Differences differences =
        new Differences(List.copyOf(missing), List.copyOf(unused), List.copyOf(misfits));
    return new Plan(present, kept, ignored, differences);
  }

  /**
   * Copies values into the memory of an array. {@code NDArray.set(Buffer)} and {@code copyTo} give
   * the array new memory instead and part it from its views, and the new memory is the buffer's.
   *
   * @param from any array of the same shape
   * @param to the array to change; may be a leaf that needs gradients
   */
  public static void copyInPlace(NDArray from, NDArray to) {
    if (!from.getShape().equals(to.getShape())) {
      throw new IllegalArgumentException(from.getShape() + " into " + to.getShape());
    }
    if (from.size() == 0) {
      return;
    }
    try (NDArray detached = to.stopGradient();
        NDArray source = from.stopGradient();
        NDArray typed = source.toType(to.getDataType(), false)) {
      if (to.getShape().dimension() == 0) {
        try (NDArray flat = detached.reshape(1);
            NDArray flatSource = typed.reshape(1)) {
          flat.set(new NDIndex(":"), flatSource);
        }
      } else {
        detached.set(new NDIndex(":"), typed);
      }
    }
  }

  /**
   * In pieces, so that a large tensor needs no second copy of itself.
   *
   * @param buffer for the pieces
   * @return whether all values are finite
   */
  private static boolean copy(TensorSource source, String name, NDArray target, ByteBuffer buffer) {
    TensorInfo info = source.info(name);
    DataType type = info.type().arrayType();
    int room = buffer.capacity() / type.getNumOfBytes();
    boolean finite = true;
    try (NDManager manager = target.getManager().newSubManager(target.getDevice());
        NDArray detached = target.stopGradient();
        NDArray flat = detached.reshape(-1)) {
      for (long first = 0; first < info.elementCount(); first += room) {
        int count = (int) Math.min(room, info.elementCount() - first);
        TensorReader.convert(source, info, first, count, buffer.clear());
        try (NDArray piece = manager.create(buffer.flip(), new Shape(count), type);
            NDArray typed = piece.toType(target.getDataType(), false)) {
          flat.set(new NDIndex(first + ":" + (first + count)), typed);
          finite &= !info.type().isFloating() || isFinite(typed);
        }
      }
    }
    return finite;
  }

  /** The largest magnitude is NaN as soon as one value is. */
  private static boolean isFinite(NDArray values) {
    try (NDArray magnitudes = values.abs();
        NDArray largest = magnitudes.max();
        NDArray wide = largest.toType(DataType.FLOAT64, false)) {
      return Double.isFinite(wide.getDouble());
    }
  }

  private static Optional<String> misfit(Expected target, TensorInfo info) {
    long[] shape = target.shape.getShape();
    if (Arrays.equals(shape, info.shape())
        && target.type.isFloating() == info.type().isFloating()) {
      return Optional.empty();
    }
    return Optional.of(
        "%s is %s %s in the file, %s %s in the model"
            .formatted(
                Printable.of(info.name()),
                info.type(),
                Arrays.toString(info.shape()),
                target.type,
                Arrays.toString(shape)));
  }

  private static String disagreement(TensorSource source, Differences differences) {
    List<String> missing = differences.missing;
    List<String> unused = differences.extra;
    List<String> misfits = differences.misfits;
    List<String> parts = new ArrayList<>();
    if (!missing.isEmpty()) {
      List<String> hinted = new ArrayList<>();
      for (String name : missing) {
        String what = source.unread().get(name);
        if (what != null) {
          hinted.add(0, name + " (there is a " + Printable.of(what) + ", which is not read)");
        } else {
          hinted.add(hinted.size() < SHOWN ? name + Printable.hint(name, unused) : name);
        }
      }
      parts.add(missing.size() + " missing: " + Printable.list(hinted));
    }
    if (!unused.isEmpty()) {
      parts.add(unused.size() + " that the model does not have: " + Printable.list(unused));
    }
    if (!misfits.isEmpty()) {
      parts.add(misfits.size() + " of another shape or type: " + Printable.list(misfits));
    }
    return source.path()
        + " does not fit the model, nothing was loaded. Tensors "
        + String.join("; ", parts)
        + ". Check that the checkpoint and the model's size belong together.";
  }
}
