package org.samclip.kernel;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A TorchScript class loaded from source in the resources. Its methods are called by name; classes
 * such as {@link Kernels} put one typed Java method in front of each.
 */
public final class TorchScript {

  /**
   * Plain interpretation, a setting of each thread: the profiling executor recompiles for every new
   * shape and keeps differentiable sub-graphs of its own, which costs time and memory.
   */
  private static final ThreadLocal<Boolean> INTERPRETED =
      ThreadLocal.withInitial(
          () -> {
            JniUtils.setGraphExecutorOptimize(false);
            return true;
          });

  private static final Pattern PLAIN = Pattern.compile("\\w*");

  private final PtSymbolBlock module;
  private final Map<String, NDArray> methods = new ConcurrentHashMap<>();
  private final Map<Number, NDArray> scalars = new ConcurrentHashMap<>();
  private final NDManager manager;

  private TorchScript(NDManager manager, PtSymbolBlock module) {
    this.manager = manager;
    this.module = module;
  }

  /**
   * Loads a class.
   *
   * @param anchor the Java class whose package holds the resource
   * @param className the TorchScript class; the resource is {@code className.py}
   * @param more resources without their ending, whose methods belong to the class as well
   * @return the module, which lives as long as the process
   */
  public static TorchScript load(Class<?> anchor, String className, String... more) {
    return load(anchor, className, Map.of(), more);
  }

  /**
   * Loads a class whose source asks for numbers that only this process knows.
   *
   * @param anchor the Java class whose package holds the resource
   * @param className the TorchScript class; the resource is {@code className.py}
   * @param constants by name; each becomes a method of the class that returns it
   * @param more resources without their ending, whose methods belong to the class as well
   * @return the module, which lives as long as the process
   */
  public static TorchScript load(
      Class<?> anchor, String className, Map<String, Integer> constants, String... more) {
    NDManager manager = LibTorch.newManager(Device.cpu());
    manager.setName("kernels " + className);
    StringBuilder source = new StringBuilder(source(anchor, className));
    for (String part : more) {
      source.append(source(anchor, part));
    }
    constants.forEach(
        (name, value) ->
            source
                .append("\n  def ")
                .append(name)
                .append("(self: __torch__.")
                .append(className)
                .append(") -> int:\n    return ")
                .append(value)
                .append('\n'));
    try {
      byte[] archive = TorchScriptPacker.pack(className, source.toString());
      PtSymbolBlock module =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive), false, false);
      return new TorchScript(manager, module);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param anchor the Java class whose package holds the resource
   * @param name of the resource, without its ending {@code .py}
   * @return TorchScript's source
   */
  public static String source(Class<?> anchor, String name) {
    try (InputStream in = anchor.getResourceAsStream(name + ".py")) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name + ".py beside " + anchor);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Calls a method whose arguments are all tensors; autograd follows the thread's gradient mode. An
   * argument loses its name if that has anything but letters, digits and underscores in it.
   *
   * @param target the manager that the result belongs to
   * @param method the method's name
   * @param arguments in the method's order
   * @return the result
   */
  public NDArray call(NDManager target, String method, NDArray... arguments) {
    return callForList(target, method, arguments).singletonOrThrow();
  }

  /**
   * The same for a method that returns a list.
   *
   * @param target the manager that the results belong to
   * @param method the method's name
   * @param arguments in the method's order
   * @return the results
   */
  public NDList callForList(NDManager target, String method, NDArray... arguments) {
    NDList inputs = new NDList(arguments.length + 1);
    for (NDArray argument : arguments) {
      if (argument.getName() != null && !PLAIN.matcher(argument.getName()).matches()) {
        // DJL would take it for an entry of a dictionary, list or tuple, by its name.
        argument.setName(null);
      }
      inputs.add(argument);
    }
    return call(target, method, inputs);
  }

  /**
   * Calls a method with a list argument: arrays that share a name ending in {@code []} travel as
   * one.
   *
   * @param target the manager that the results belong to
   * @param method the method's name
   * @param inputs in the method's order
   * @return the results
   */
  public NDList call(NDManager target, String method, NDList inputs) {
    inputs.add(methods.computeIfAbsent(method, this::methodName));
    INTERPRETED.get();
    NDList outputs = IValueUtils.forward(module, inputs, true);
    outputs.attach(target);
    return outputs;
  }

  /**
   * Calls a method outside autograd with any TorchScript values. Closes the arguments.
   *
   * @param method the method's name
   * @param arguments in the method's order
   * @return the result, to be closed by the caller
   */
  public IValue run(String method, IValue... arguments) {
    INTERPRETED.get();
    try {
      return IValueUtils.runMethod(module, method, arguments);
    } finally {
      List.of(arguments).forEach(IValue::close);
    }
  }

  /**
   * @param value an int, long or double
   * @return the value as a tensor without axes on the CPU, shared by all calls
   */
  public NDArray scalar(Number value) {
    return scalars.computeIfAbsent(value, this::newScalar);
  }

  private NDArray newScalar(Number value) {
    NDArray array =
        value instanceof Double || value instanceof Float
            ? manager.create(value.doubleValue())
            : manager.create(value.longValue());
    return unscoped(array);
  }

  private NDArray methodName(String method) {
    NDArray array = manager.create(0f);
    array.setName("module_method:" + method);
    return unscoped(array);
  }

  /** Shared arrays outlive the {@code NDScope} in which they happen to be made. */
  private static NDArray unscoped(NDArray array) {
    NDScope.unregister(array);
    return array;
  }
}
