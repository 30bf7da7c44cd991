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
 * The instructions of a pickle, protocol 2 to 5: stack, marks, memo, plain values. What a name
 * means and what a call gives is the subclass's to say, in Java; nothing is ever looked up or run.
 * Tuples become {@code Object[]}, lists and sets {@link ArrayList}, dicts {@link LinkedHashMap},
 * integers {@link Long} or {@link BigInteger}, bytes a {@link Placeholder}.
 *
 * <p>Work and memory are bounded by the number of opcodes; structures may contain themselves, so
 * whoever walks the result must expect that.
 */
abstract class PickleMachine {

  /** The largest pickle accepted; those of the largest public models have a few megabytes. */
  static final int MAX_BYTES = 32 << 20;

  private static final int MAX_OPCODES = 4_000_000;
  private static final int MAX_INTEGER_BYTES = 1024;
  private static final int MAX_PROTOCOL = 5;

  /**
   * The longest name of a module or class; thousands of long ones would be much to put together.
   */
  private static final int MAX_NAME = 256;

  private final String origin;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();

  /**
   * @param origin names the file in messages
   * @param pickle at most {@link #MAX_BYTES}
   */
  PickleMachine(String origin, byte[] pickle) {
    this.origin = origin;
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** What a function or class of this name is, as a value. */
  abstract Object global(String module, String name);

  /** What a persistent id stands for. */
  abstract Object persistent(Object id);

  /** The result of a call. */
  abstract Object call(Object function, Object[] arguments);

  /** A new object of a class. */
  abstract Object create(Object type, Object[] arguments);

  /** Sets attributes of an object. */
  abstract void build(Object object, Object state);

  /**
   * @return the pickled object
   * @throws UserError if the pickle is damaged
   */
  final Object run() {
    try {
      for (int i = 0; i < MAX_OPCODES; i++) {
        int opcode = in.get() & 0xff;
        if (opcode == '.') {
          return pop();
        }
        step(opcode);
      }
    } catch (BufferUnderflowException e) {
      throw new UserError(message("it ends too early"), e);
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
      case '2' -> stack.add(top());
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
      case 0x8c, 'U' -> stack.add(text(in.get() & 0xff));
      case 'T' -> stack.add(text(Integer.toUnsignedLong(in.getInt())));
      case 0x8d -> stack.add(text(in.getLong()));
      case 'C' -> stack.add(bytes(in.get() & 0xff));
      case 'B' -> stack.add(bytes(Integer.toUnsignedLong(in.getInt())));
      case 0x8e, 0x96 -> stack.add(bytes(in.getLong()));
      case ']', 0x8f -> stack.add(new ArrayList<>());
      case ')' -> stack.add(new Object[0]);
      case '}' -> stack.add(new LinkedHashMap<>());
      case 0x85 -> stack.add(popMany(1));
      case 0x86 -> stack.add(popMany(2));
      case 0x87 -> stack.add(popMany(3));
      case 't', 0x91 -> stack.add(popToMark());
      case 'a' -> append(popMany(1));
      case 'e', 0x90 -> append(popToMark());
      case 's' -> setItems(popMany(2));
      case 'u' -> setItems(popToMark());
      case 'q' -> memo.put((long) (in.get() & 0xff), top());
      case 'r' -> memo.put(Integer.toUnsignedLong(in.getInt()), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> stack.add(recall(in.get() & 0xff));
      case 'j' -> stack.add(recall(Integer.toUnsignedLong(in.getInt())));
      case 'c' -> stack.add(global(line(), line()));
      case 0x93 -> stack.add(stackGlobal(popMany(2)));
      case 'Q' -> stack.add(persistent(pop()));
      case 'R' -> {
        Object[] parts = popMany(2);
        stack.add(call(parts[0], arguments(parts[1])));
      }
      case 0x81 -> {
        Object[] parts = popMany(2);
        stack.add(create(parts[0], arguments(parts[1])));
      }
      case 0x92 -> { // NEWOBJ_EX: keyword arguments, which no data needs
        Object[] parts = popMany(3);
        stack.add(create(parts[0], arguments(parts[1])));
      }
      case 'b' -> {
        Object state = pop();
        build(top(), state);
      }
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
    byte[] bytes = take(length);
    for (int i = 0; i < length / 2; i++) { // BigInteger wants the highest byte first
      byte swapped = bytes[i];
      bytes[i] = bytes[length - 1 - i];
      bytes[length - 1 - i] = swapped;
    }
    BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private String text(long length) {
    return new String(take(length), StandardCharsets.UTF_8);
  }

  /** Nobody needs them, so they are passed over. */
  private Placeholder bytes(long length) {
    requireLeft(length);
    in.position(in.position() + (int) length);
    return new Placeholder("bytes");
  }

  private String line() {
    int start = in.position();
    while (in.get() != '\n') {
      if (in.position() - start > MAX_NAME) {
        throw broken("a name is too long");
      }
    }
    int length = in.position() - 1 - start;
    return new String(in.array(), start, length, StandardCharsets.UTF_8);
  }

  private byte[] take(long length) {
    requireLeft(length);
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return bytes;
  }

  private void requireLeft(long length) {
    if (length < 0 || length > in.remaining()) {
      throw broken("it ends too early");
    }
  }

  private void append(Object[] values) {
    if (top() instanceof Placeholder) {
      return;
    }
    if (!(top() instanceof List)) {
      throw broken("it appends to something that is not a list");
    }
    @SuppressWarnings("unchecked") // all lists on the stack are made above
    List<Object> list = (List<Object>) top();
    list.addAll(Arrays.asList(values));
  }

  private void setItems(Object[] values) {
    if (top() instanceof Placeholder) {
      return;
    }
    if (!(top() instanceof Map) || values.length % 2 != 0) {
      throw broken("it sets items of something that is not a dict");
    }
    @SuppressWarnings("unchecked") // all maps on the stack are made above
    Map<Object, Object> map = (Map<Object, Object>) top();
    for (int i = 0; i < values.length; i += 2) {
      // As in Python; here because the hash of a list that contains itself would never end.
      // Tuples are arrays, whose hash is their identity.
      if (values[i] instanceof List || values[i] instanceof Map) {
        throw broken("a dict key is a list or dict");
      }
      map.put(values[i], values[i + 1]);
    }
  }

  private Object stackGlobal(Object[] names) {
    if (!(names[0] instanceof String module) || !(names[1] instanceof String name)) {
      throw broken("a function's name is not a string");
    }
    if (module.length() > MAX_NAME || name.length() > MAX_NAME) {
      throw broken("a name is too long");
    }
    return global(module, name);
  }

  private Object[] arguments(Object tuple) {
    if (tuple instanceof Object[] arguments) {
      return arguments;
    }
    throw broken("it calls something without a tuple of arguments");
  }

  final UserError broken(String cause) {
    return new UserError(message(cause));
  }

  private String message(String cause) {
    return origin
        + ": its pickle cannot be read as plain tensors: "
        + cause
        + ". Load it in Python and torch.save its state_dict again, or convert it to safetensors.";
  }
}
