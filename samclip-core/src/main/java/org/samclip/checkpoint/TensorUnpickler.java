package org.samclip.checkpoint;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;

/**
 * A pickle machine that can build tensors, dicts, lists, tuples, strings, numbers, None and bool,
 * in a TorchScript archive also objects that are attributes by name, and nothing else. A pickle may
 * name any Python function; this one knows a fixed list of names, which stand for Java code below,
 * and refuses all others without looking further. Tuples become {@code Object[]}, dicts {@link
 * LinkedHashMap}, integers {@link Long} or {@link BigInteger}.
 *
 * <p>Work and memory are bounded by the number of opcodes; structures may contain themselves, so
 * whoever walks the result must expect that.
 */
final class TensorUnpickler {

  /** The largest pickle accepted; those of the largest public models have a few megabytes. */
  static final int MAX_BYTES = 32 << 20;

  private static final int MAX_OPCODES = 4_000_000;
  private static final int MAX_INTEGER_BYTES = 1024;
  private static final int MAX_PROTOCOL = 5;

  /** torch's names of storages, by which a pickle says its element type. */
  static final Map<String, TensorType> STORAGES =
      Map.of(
          "DoubleStorage", TensorType.F64,
          "FloatStorage", TensorType.F32,
          "HalfStorage", TensorType.F16,
          "BFloat16Storage", TensorType.BF16,
          "LongStorage", TensorType.I64,
          "IntStorage", TensorType.I32,
          "ShortStorage", TensorType.I16,
          "CharStorage", TensorType.I8,
          "ByteStorage", TensorType.U8,
          "BoolStorage", TensorType.BOOL);

  /** Classes of a TorchScript archive's own code are named below this module. */
  private static final String SCRIPT_CLASSES = "__torch__";

  /** The functions that a pickle may call; each is done here, in Java. */
  private enum Function {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    /** TorchScript's typed lists. */
    BUILD_LIST,
    /** TorchScript's note of a container's type. */
    RESTORE_TYPE,
    /** A class of TorchScript: makes objects, which are attributes and nothing else. */
    SCRIPT_CLASS
  }

  private final String origin;
  private final boolean script;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();

  private TensorUnpickler(String origin, byte[] pickle, boolean script) {
    this.origin = origin;
    this.script = script;
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @param origin names the file in messages
   * @param pickle at most {@link #MAX_BYTES}
   * @param script whether it is a TorchScript archive's, which also holds {@link ScriptObject}s
   * @return the object
   * @throws UserError if the pickle is damaged or asks for anything but data
   */
  static Object load(String origin, byte[] pickle, boolean script) {
    try {
      return new TensorUnpickler(origin, pickle, script).run();
    } catch (BufferUnderflowException e) {
      throw new UserError(message(origin, "it ends too early"), e);
    }
  }

  private Object run() {
    for (int i = 0; i < MAX_OPCODES; i++) {
      int opcode = in.get() & 0xff;
      if (opcode == '.') {
        return pop();
      }
      step(opcode);
    }
    throw broken("it has more than " + MAX_OPCODES + " instructions");
  }

  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol(in.get());
      case 0x95 -> in.getLong(); // FRAME: a hint for streams
      case '(' -> marks.add(stack.size());
      case '0' -> pop();
      case '1' -> popToMark();
      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'K' -> stack.add((long) (in.get() & 0xff));
      case 'M' -> stack.add((long) Short.toUnsignedInt(in.getShort()));
      case 'J' -> stack.add((long) in.getInt());
      case 0x8a -> stack.add(integer(in.get() & 0xff));
      case 0x8b -> stack.add(integer(in.getInt()));
      case 'G' -> stack.add(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
      case 'X' -> stack.add(text(Integer.toUnsignedLong(in.getInt())));
      case 0x8c -> stack.add(text(in.get() & 0xff));
      case 0x8d -> stack.add(text(in.getLong()));
      case ']' -> stack.add(new ArrayList<>());
      case ')' -> stack.add(new Object[0]);
      case '}' -> stack.add(new LinkedHashMap<>());
      case 0x85 -> stack.add(popMany(1));
      case 0x86 -> stack.add(popMany(2));
      case 0x87 -> stack.add(popMany(3));
      case 't' -> stack.add(popToMark());
      case 'a' -> append(popMany(1));
      case 'e' -> append(popToMark());
      case 's' -> setItems(popMany(2));
      case 'u' -> setItems(popToMark());
      case 'q' -> memo.put((long) (in.get() & 0xff), top());
      case 'r' -> memo.put(Integer.toUnsignedLong(in.getInt()), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> stack.add(recall(in.get() & 0xff));
      case 'j' -> stack.add(recall(Integer.toUnsignedLong(in.getInt())));
      case 'c' -> stack.add(global(line(), line()));
      case 0x93 -> stack.add(stackGlobal(popMany(2)));
      case 'Q' -> stack.add(storage(pop()));
      case 'R' -> stack.add(call(popMany(2)));
      case 0x81 -> stack.add(newObject(popMany(2)));
      case 'b' -> build(pop());
      default ->
          throw broken("instruction 0x" + Integer.toHexString(opcode) + " is not needed for data");
    }
  }

  private void protocol(byte version) {
    if (version < 2 || version > MAX_PROTOCOL) {
      throw broken("pickle protocol " + version + " is not one of 2 to " + MAX_PROTOCOL);
    }
  }

  private Object top() {
    if (stack.isEmpty() || atMark()) {
      throw broken("its stack is empty");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private boolean atMark() {
    return !marks.isEmpty() && marks.get(marks.size() - 1) == stack.size();
  }

  private Object[] popMany(int count) {
    Object[] values = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      values[i] = pop();
    }
    return values;
  }

  private Object[] popToMark() {
    if (marks.isEmpty()) {
      throw broken("it has no mark");
    }
    List<Object> above = stack.subList(marks.remove(marks.size() - 1), stack.size());
    Object[] values = above.toArray();
    above.clear();
    return values;
  }

  private Object recall(long index) {
    if (!memo.containsKey(index)) {
      throw broken("it recalls an object that was not kept");
    }
    return memo.get(index);
  }

  private Object integer(int length) {
    if (length < 0 || length > MAX_INTEGER_BYTES) {
      throw broken("an integer of " + Integer.toUnsignedString(length) + " bytes");
    }
    byte[] bytes = bytes(length);
    for (int i = 0; i < length / 2; i++) { // BigInteger wants the highest byte first
      byte swapped = bytes[i];
      bytes[i] = bytes[length - 1 - i];
      bytes[length - 1 - i] = swapped;
    }
    BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private String text(long length) {
    if (length < 0 || length > in.remaining()) {
      throw broken("it ends too early");
    }
    return new String(bytes((int) length), StandardCharsets.UTF_8);
  }

  private String line() {
    int start = in.position();
    while (in.get() != '\n') {
      if (in.position() - start > 256) {
        throw broken("a name is too long");
      }
    }
    int length = in.position() - 1 - start;
    return new String(in.array(), start, length, StandardCharsets.UTF_8);
  }

  private byte[] bytes(int length) {
    if (length > in.remaining()) {
      throw broken("it ends too early");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private void append(Object[] values) {
    if (!(top() instanceof List)) {
      throw broken("it appends to something that is not a list");
    }
    @SuppressWarnings("unchecked") // all lists on the stack are made above
    List<Object> list = (List<Object>) top();
    list.addAll(Arrays.asList(values));
  }

  private void setItems(Object[] values) {
    if (!(top() instanceof Map) || values.length % 2 != 0) {
      throw broken("it sets items of something that is not a dict");
    }
    @SuppressWarnings("unchecked") // all maps on the stack are made above
    Map<Object, Object> map = (Map<Object, Object>) top();
    for (int i = 0; i < values.length; i += 2) {
      Object key = values[i];
      // Only values with a hash of their own: a list that contains itself has none.
      if (key != null
          && !(key instanceof String)
          && !(key instanceof Number)
          && !(key instanceof Boolean)) {
        throw broken("a dict key is not a string, number, bool or None");
      }
      map.put(key, values[i + 1]);
    }
  }

  private Object stackGlobal(Object[] names) {
    if (names[0] instanceof String module && names[1] instanceof String name) {
      return global(module, name);
    }
    throw broken("a function's name is not a string");
  }

  private Object global(String module, String name) {
    String full = module + "." + name;
    return switch (full) {
      case "collections.OrderedDict" -> Function.ORDERED_DICT;
      case "torch._utils._rebuild_tensor_v2" -> Function.REBUILD_TENSOR;
      case "torch._utils._rebuild_parameter" -> Function.REBUILD_PARAMETER;
      default -> {
        Function ofScript = script ? scriptFunction(module, name) : null;
        if (ofScript != null) {
          yield ofScript;
        }
        TensorType type = module.equals("torch") ? STORAGES.get(name) : null;
        if (type == null) {
          throw new UserError(
              "%s wants to use %s, and may only hold tensors, dicts, lists, strings and numbers; nothing was run. If you trust the file, load it in Python and torch.save its state_dict alone, or convert it to safetensors."
                  .formatted(origin, Printable.of(full)));
        }
        yield type;
      }
    };
  }

  private static Function scriptFunction(String module, String name) {
    if (module.equals(SCRIPT_CLASSES) || module.startsWith(SCRIPT_CLASSES + ".")) {
      return Function.SCRIPT_CLASS;
    }
    if (!module.equals("torch.jit._pickle")) {
      return null;
    }
    return switch (name) {
      case "build_intlist", "build_tensorlist", "build_doublelist", "build_boollist" ->
          Function.BUILD_LIST;
      case "restore_type_tag" -> Function.RESTORE_TYPE;
      default -> null;
    };
  }

  /** The persistent id of a storage: ("storage", type, key, device, number of elements). */
  private TorchTensor.Storage storage(Object id) {
    if (id instanceof Object[] parts
        && parts.length == 5
        && "storage".equals(parts[0])
        && parts[1] instanceof TensorType type
        && parts[2] instanceof String key
        && parts[4] instanceof Long count) {
      return new TorchTensor.Storage(key, type, count);
    }
    throw broken("a storage is not described as torch.save does");
  }

  private Object call(Object[] functionAndArguments) {
    if (!(functionAndArguments[0] instanceof Function function)
        || !(functionAndArguments[1] instanceof Object[] arguments)) {
      throw broken("it calls something that is not a function");
    }
    return switch (function) {
      case ORDERED_DICT -> {
        if (arguments.length != 0) {
          throw broken("an OrderedDict has arguments");
        }
        yield new LinkedHashMap<>();
      }
      case REBUILD_TENSOR -> tensor(arguments);
      case REBUILD_PARAMETER -> {
        if (arguments.length == 3 && arguments[0] instanceof TorchTensor tensor) {
          yield tensor;
        }
        throw broken("a parameter is not described as torch.save does");
      }
      case BUILD_LIST -> {
        if (arguments.length == 1 && arguments[0] instanceof List) {
          yield arguments[0];
        }
        throw broken("a typed list is not described as TorchScript does");
      }
      case RESTORE_TYPE -> {
        if (arguments.length == 2 && arguments[1] instanceof String) {
          yield arguments[0];
        }
        throw broken("a container's type is not described as TorchScript does");
      }
      case SCRIPT_CLASS -> throw broken("it calls a class of its own code");
    };
  }

  /** NEWOBJ: only TorchScript's classes, which take no arguments. */
  private ScriptObject newObject(Object[] classAndArguments) {
    if (classAndArguments[0] == Function.SCRIPT_CLASS
        && classAndArguments[1] instanceof Object[] arguments
        && arguments.length == 0) {
      return new ScriptObject();
    }
    throw broken("it makes an object of a class, which is not needed for data");
  }

  /** (storage, offset, sizes, strides, requires_grad, hooks[, metadata]). */
  private TorchTensor tensor(Object[] arguments) {
    if ((arguments.length == 6 || arguments.length == 7)
        && arguments[0] instanceof TorchTensor.Storage storage
        && arguments[1] instanceof Long offset
        && arguments[2] instanceof Object[] sizes
        && arguments[3] instanceof Object[] strides) {
      return new TorchTensor(storage, offset, longs(sizes), longs(strides));
    }
    throw broken("a tensor is not described as torch.save does");
  }

  private long[] longs(Object[] values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] instanceof Long value)) {
        throw broken("a tensor's sizes or strides are not integers");
      }
      longs[i] = value;
    }
    return longs;
  }

  /**
   * Attributes of an object. A state_dict carries its version numbers as an attribute of the dict;
   * they are not needed.
   */
  private void build(Object state) {
    if (top() instanceof ScriptObject object && state instanceof Map<?, ?> attributes) {
      attributes.forEach((name, value) -> object.attributes().put(String.valueOf(name), value));
    } else if (!(top() instanceof Map) || !(state instanceof Map)) {
      throw broken("it sets attributes of something that is not a dict");
    }
  }

  private UserError broken(String cause) {
    return new UserError(message(origin, cause));
  }

  private static String message(String origin, String cause) {
    return origin
        + ": its pickle cannot be read as plain tensors: "
        + cause
        + ". Load it in Python and torch.save its state_dict again, or convert it to safetensors.";
  }
}
