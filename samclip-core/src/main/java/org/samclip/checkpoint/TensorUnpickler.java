package org.samclip.checkpoint;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.samclip.UserError;

/**
 * The names in a torch checkpoint's pickle. A pickle may name any Python function; this machine
 * knows those of torch's own safe loader ({@code torch.load} with {@code weights_only=True}), in a
 * TorchScript archive also objects that are attributes by name, and does in Java what they mean.
 * For every other name a {@link Placeholder} stands, and for what the pickle would make with it:
 * nothing is imported, called or constructed.
 */
final class TensorUnpickler extends PickleMachine {

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

  /** The same types as torch's dtypes, in which newer tensors of untyped storages say theirs. */
  private static final Map<String, TensorType> DTYPES =
      Map.of(
          "torch.float64", TensorType.F64,
          "torch.float32", TensorType.F32,
          "torch.float16", TensorType.F16,
          "torch.bfloat16", TensorType.BF16,
          "torch.int64", TensorType.I64,
          "torch.int32", TensorType.I32,
          "torch.int16", TensorType.I16,
          "torch.int8", TensorType.I8,
          "torch.uint8", TensorType.U8,
          "torch.bool", TensorType.BOOL);

  /** Dtypes and quantization schemes, which are values without arguments. */
  private static final Pattern CONSTANT =
      Pattern.compile(
          "torch\\.((b?float|complex|u?int|qu?int|bits)[0-9]\\w{0,20}|bool|per_(tensor|channel)_\\w{1,40})");

  private static final Pattern STORAGE =
      Pattern.compile("torch(\\.cuda|\\.storage)?\\.\\w{1,40}Storage");

  private static final String REBUILD = "torch._utils._rebuild_";

  /** Its elements are bytes; the tensor says its own type. */
  private static final String UNTYPED = "UntypedStorage";

  /** Classes of a TorchScript archive's own code are named below this module. */
  private static final String SCRIPT_CLASSES = "__torch__";

  /**
   * A dtype, a device or the like.
   *
   * @param text as Python prints it
   */
  record Constant(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  private record StorageClass(String name) {}

  /** A storage of a type that is not read. */
  private record OtherStorage(String type, String key, long count) {}

  /**
   * A function or class that means something.
   *
   * @param name in Python
   * @param body from its arguments to what it gives
   */
  private record Known(String name, Function<Object[], Object> body) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** A class of TorchScript: makes objects, which are attributes and nothing else. */
  private static final Object SCRIPT_CLASS = new Placeholder("class of a TorchScript archive");

  private final Map<String, Known> known = new HashMap<>();
  private final boolean script;
  private final Set<String> strangers = new TreeSet<>();

  /**
   * What a pickle holds.
   *
   * @param root the object
   * @param strangers Python names in it that are no plain data; a {@link Placeholder} stands for
   *     each
   */
  record Content(Object root, Set<String> strangers) {}

  private TensorUnpickler(String origin, byte[] pickle, boolean script) {
    super(origin, pickle);
    this.script = script;
    know("collections.OrderedDict", this::orderedDict);
    know("collections.Counter", this::counter);
    know("builtins.set", arguments -> new Placeholder("set"));
    know("builtins.bytearray", arguments -> new Placeholder("bytes"));
    know("_codecs.encode", arguments -> new Placeholder("bytes"));
    know("builtins.complex", arguments -> new Placeholder("complex number"));
    know("torch.Size", arguments -> arguments.length == 1 ? arguments[0] : arguments);
    know("torch.device", TensorUnpickler::device);
    know("torch.serialization._get_layout", arguments -> new Placeholder("layout"));
    know("torch.Tensor", arguments -> new Placeholder("tensor in the form of old versions"));
    know("torch.nn.parameter.Parameter", this::ofTensor);
    know(REBUILD + "parameter", this::ofTensor);
    know(REBUILD + "parameter_with_state", this::ofTensor);
    know(REBUILD + "device_tensor_from_cpu_tensor", this::ofTensor);
    know(REBUILD + "tensor", this::tensor);
    know(REBUILD + "tensor_v2", this::tensor);
    know(REBUILD + "tensor_v3", this::tensorOfDtype);
    know("torch._tensor._rebuild_from_type_v2", this::withAttributes);
    for (String kind :
        List.of(
            "qtensor",
            "sparse_tensor",
            "nested_tensor",
            "wrapper_subclass",
            "meta_tensor_no_storage",
            "device_tensor_from_numpy")) {
      know(REBUILD + kind, arguments -> new Placeholder("tensor of " + kind));
    }
    if (script) {
      for (String kind : List.of("int", "tensor", "double", "bool")) {
        know("torch.jit._pickle.build_" + kind + "list", this::typedList);
      }
      know("torch.jit._pickle.restore_type_tag", this::withoutType);
    }
  }

  private void know(String name, Function<Object[], Object> body) {
    known.put(name, new Known(name, body));
  }

  /**
   * @param origin names the file in messages
   * @param pickle at most {@link #MAX_BYTES}
   * @param script whether it is a TorchScript archive's, which also holds {@link ScriptObject}s
   * @return what it holds
   * @throws UserError if the pickle is damaged, or describes tensors otherwise than torch does
   */
  static Content load(String origin, byte[] pickle, boolean script) {
    TensorUnpickler unpickler = new TensorUnpickler(origin, pickle, script);
    return new Content(unpickler.run(), unpickler.strangers);
  }

  @Override
  Object global(String module, String name) {
    String full = today(module) + "." + name;
    if (known.containsKey(full)) {
      return known.get(full);
    }
    if (script && (module.equals(SCRIPT_CLASSES) || module.startsWith(SCRIPT_CLASSES + "."))) {
      return SCRIPT_CLASS;
    }
    if (CONSTANT.matcher(full).matches()) {
      return new Constant(full);
    }
    if (STORAGE.matcher(full).matches()) {
      return new StorageClass(name);
    }
    strangers.add(full);
    return new Placeholder(full);
  }

  /** Protocol 2 writes some modules under their names in Python 2. */
  private static String today(String module) {
    return switch (module) {
      case "__builtin__" -> "builtins";
      case "copy_reg" -> "copyreg";
      default -> module;
    };
  }

  /** The persistent id of a storage: ("storage", type, key, device, number of elements). */
  @Override
  Object persistent(Object id) {
    if (id instanceof Object[] parts
        && parts.length == 5
        && "storage".equals(parts[0])
        && parts[1] instanceof StorageClass type
        && parts[2] instanceof String key
        && parts[4] instanceof Long count) {
      TensorType element = STORAGES.get(type.name);
      return element == null
          ? new OtherStorage(type.name, key, count)
          : new TorchTensor.Storage(key, element, count);
    }
    throw broken("a storage is not described as torch.save does");
  }

  @Override
  Object call(Object function, Object[] arguments) {
    if (function == SCRIPT_CLASS) {
      throw broken("it calls a class of its own code");
    }
    if (function instanceof Known meant) {
      return meant.body.apply(arguments);
    }
    if (function instanceof Placeholder stranger) {
      return instance(stranger, arguments);
    }
    throw broken("it calls something that is not a function");
  }

  @Override
  Object create(Object type, Object[] arguments) {
    if (type != SCRIPT_CLASS) {
      return call(type, arguments);
    }
    if (arguments.length != 0) {
      throw broken("it makes an object of its own code with arguments, which no data needs");
    }
    return new ScriptObject();
  }

  /** Of what class an object would be; Python's own helper takes the class as its argument. */
  private static Placeholder instance(Placeholder function, Object[] arguments) {
    boolean helper = function.toString().startsWith("copyreg.") && arguments.length > 0;
    return helper && arguments[0] instanceof Placeholder type ? type : function;
  }

  private Object orderedDict(Object[] arguments) {
    if (arguments.length != 0) {
      throw broken("an OrderedDict has arguments");
    }
    return new LinkedHashMap<>();
  }

  private Object counter(Object[] arguments) {
    if (arguments.length == 1 && arguments[0] instanceof Map) {
      return arguments[0];
    }
    throw broken("a Counter is not made of a dict");
  }

  private static Object device(Object[] arguments) {
    boolean named = arguments.length > 0 && arguments[0] instanceof String;
    boolean numbered = arguments.length == 2 && arguments[1] instanceof Long;
    return named
        ? new Constant(arguments[0] + (numbered ? ":" + arguments[1] : ""))
        : new Placeholder("torch.device");
  }

  private Object typedList(Object[] arguments) {
    if (arguments.length == 1 && arguments[0] instanceof List) {
      return arguments[0];
    }
    throw broken("a typed list is not described as TorchScript does");
  }

  private Object withoutType(Object[] arguments) {
    if (arguments.length == 2 && arguments[1] instanceof String) {
      return arguments[0];
    }
    throw broken("a container's type is not described as TorchScript does");
  }

  /** A parameter, or a tensor of another device: the first argument is the tensor. */
  private Object ofTensor(Object[] arguments) {
    if (arguments.length > 0
        && (arguments[0] instanceof TorchTensor || arguments[0] instanceof Placeholder)) {
      return arguments[0];
    }
    throw broken("a parameter is not described as torch.save does");
  }

  /** (function, type, arguments of the function, attributes). */
  private Object withAttributes(Object[] arguments) {
    // Only these functions: one that could call this again would go as deep as a file wants.
    if (arguments.length == 4
        && arguments[0] instanceof Known function
        && function.name.startsWith(REBUILD)
        && arguments[2] instanceof Object[] inner) {
      return arguments[1] instanceof Placeholder stranger ? stranger : function.body.apply(inner);
    }
    throw broken("a tensor with attributes is not described as torch.save does");
  }

  /** (storage, offset, sizes, strides[, requires_grad, hooks[, metadata]]). */
  private Object tensor(Object[] arguments) {
    if (arguments.length > 0 && arguments[0] instanceof OtherStorage other) {
      return unread("torch." + other.type.replace("Storage", ""));
    }
    if (arguments.length > 0 && arguments[0] instanceof TorchTensor.Storage storage) {
      return view(storage, arguments, 4, 6, 7);
    }
    throw notATensor();
  }

  /** (untyped storage, offset, sizes, strides, requires_grad, hooks, dtype[, metadata]). */
  private Object tensorOfDtype(Object[] arguments) {
    if (arguments.length < 7
        || !(arguments[6] instanceof Constant dtype)
        || !(arguments[0] instanceof OtherStorage storage)
        || !storage.type.equals(UNTYPED)) {
      throw notATensor();
    }
    TensorType type = DTYPES.get(dtype.text);
    return type == null
        ? unread(dtype.text)
        : view(
            new TorchTensor.Storage(storage.key, type, storage.count / type.bytes()),
            arguments,
            7,
            8);
  }

  private static Placeholder unread(String type) {
    return new Placeholder("tensor of type " + type);
  }

  private TorchTensor view(TorchTensor.Storage storage, Object[] arguments, int... lengths) {
    for (int length : lengths) {
      if (arguments.length == length
          && arguments[1] instanceof Long offset
          && arguments[2] instanceof Object[] sizes
          && arguments[3] instanceof Object[] strides) {
        return new TorchTensor(storage, offset, longs(sizes), longs(strides));
      }
    }
    throw notATensor();
  }

  private UserError notATensor() {
    return broken("a tensor is not described as torch.save does");
  }

  private long[] longs(Object[] values) {
    // One long tuple in many tensors would be much to copy.
    if (values.length > TensorInfo.MAX_AXES) {
      throw broken("a tensor has " + values.length + " axes, at most " + TensorInfo.MAX_AXES);
    }
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
  @Override
  void build(Object object, Object state) {
    if (object instanceof ScriptObject made && state instanceof Map<?, ?> attributes) {
      attributes.forEach((name, value) -> made.attributes().put(String.valueOf(name), value));
    } else if (!(object instanceof Placeholder)
        && (!(object instanceof Map) || !(state instanceof Map))) {
      throw broken("it sets attributes of something that is not a dict");
    }
  }
}
