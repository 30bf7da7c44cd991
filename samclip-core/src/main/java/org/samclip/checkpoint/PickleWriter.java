package org.samclip.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes a pickle of protocol 2, instruction by instruction: what torch's own pickles of state
 * dicts and of TorchScript modules are made of, and nothing else. Python's restricted unpickler
 * ({@code torch.load(weights_only=True)}), libtorch's and {@link TensorUnpickler} read it.
 */
public final class PickleWriter {

  private static final Map<TensorType, String> STORAGES =
      TensorUnpickler.STORAGES.entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Begins a pickle. */
  public PickleWriter() {
    op(0x80).op(2); // PROTO
  }

  /**
   * A TorchScript module, not in training mode, whose attributes follow: a name and a value each.
   *
   * @param className in the namespace {@code __torch__}
   * @return this, within the module; {@link #endModule} ends it
   */
  public PickleWriter beginModule(String className) {
    global("__torch__", className).op(')').op(0x81).op('}').op('('); // EMPTY_TUPLE NEWOBJ
    return string("training").bool(false).string("_is_full_backward_hook").none();
  }

  /**
   * @return this, after the module
   */
  public PickleWriter endModule() {
    return op('u').op('b'); // SETITEMS BUILD
  }

  /**
   * @return this, within an OrderedDict; {@link #endOrderedDict} ends it
   */
  public PickleWriter beginOrderedDict() {
    return orderedDict().op('(');
  }

  /**
   * @return this, after the dict
   */
  public PickleWriter endOrderedDict() {
    return op('u');
  }

  /**
   * @param text any text
   * @return this, after the text
   */
  public PickleWriter string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    op('X').little(4, utf8.length); // BINUNICODE
    out.writeBytes(utf8);
    return this;
  }

  /**
   * @param value any integer
   * @return this, after the number
   */
  public PickleWriter integer(long value) {
    return value == (int) value ? op('J').little(4, value) : op(0x8a).op(8).little(8, value);
  }

  /**
   * @param value any number
   * @return this, after the number
   */
  public PickleWriter real(double value) {
    op('G'); // BINFLOAT, the one big-endian number
    out.writeBytes(ByteBuffer.allocate(8).putDouble(value).array());
    return this;
  }

  /**
   * @param value true or false
   * @return this, after the value
   */
  public PickleWriter bool(boolean value) {
    return op(value ? 0x88 : 0x89);
  }

  /**
   * @return this, after None
   */
  public PickleWriter none() {
    return op('N');
  }

  /**
   * @param items in the tuple
   * @return this, after a tuple of integers
   */
  public PickleWriter tuple(long... items) {
    op('(');
    for (long item : items) {
      integer(item);
    }
    return op('t');
  }

  /**
   * A contiguous tensor that has a storage of its own and needs no gradient.
   *
   * @param storage key of the entry that holds the values
   * @param info type and shape
   * @return this, after the tensor
   */
  public PickleWriter tensor(String storage, TensorInfo info) {
    global("torch._utils", "_rebuild_tensor_v2").op('(');
    op('(').string("storage").global("torch", STORAGES.get(info.type())).string(storage);
    string("cpu").integer(info.elementCount()).op('t').op('Q'); // TUPLE BINPERSID
    integer(0).tuple(info.shape()).tuple(strides(info.shape()));
    return bool(false).orderedDict().op('t').op('R'); // no gradient, no hooks; TUPLE REDUCE
  }

  /**
   * @return the whole pickle of the one object that was written
   */
  public byte[] finish() {
    op('.');
    return out.toByteArray();
  }

  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= Math.max(shape[axis], 1);
    }
    return strides;
  }

  private PickleWriter orderedDict() {
    return global("collections", "OrderedDict").op(')').op('R'); // EMPTY_TUPLE REDUCE
  }

  private PickleWriter global(String module, String name) {
    out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  private PickleWriter op(int code) {
    out.write(code);
    return this;
  }

  private PickleWriter little(int bytes, long value) {
    ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    out.write(buffer.array(), 0, bytes);
    return this;
  }
}
