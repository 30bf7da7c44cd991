package org.samclip.kernel;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samclip.UserError;

/** Starts DJL's PyTorch engine and names its devices. Every manager of samclip comes from here. */
public final class LibTorch {

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  static {
    // DJL otherwise asks cloud metadata services who is calling, at every start.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
  }

  private LibTorch() {}

  /**
   * @return the engine, started on the first call
   */
  public static Engine engine() {
    return Engine.getEngine("PyTorch");
  }

  /**
   * @return threads that one operation on the CPU uses
   */
  public static int threads() {
    engine();
    return JniUtils.getNumThreads();
  }

  /**
   * @param threads that one operation on the CPU uses from now on, at least 1
   */
  public static void setThreads(int threads) {
    engine();
    JniUtils.setNumThreads(threads);
  }

  /**
   * @param device where its arrays live
   * @return a new base manager, to be closed by the caller
   */
  public static NDManager newManager(Device device) {
    return engine().newBaseManager(device);
  }

  /**
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}
   * @return the device
   * @throws UserError if the name is unknown or this machine has no such device
   */
  public static Device device(String name) {
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    Matcher cuda = CUDA.matcher(name);
    if (!cuda.matches()) {
      throw new UserError("device '" + name + "' is unknown; allowed: cpu, cuda, cuda:N");
    }
    int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
    int count = engine().getGpuCount();
    if (index >= count) {
      throw new UserError(
          "device '"
              + name
              + "' is not there: libtorch sees "
              + (count == 0 ? "no GPU" : "GPUs cuda:0 to cuda:" + (count - 1))
              + "; use device cpu, or build with 'mvn -Pcuda package' where CUDA 12.8"
              + " is");
    }
    return Device.gpu(index);
  }
}
