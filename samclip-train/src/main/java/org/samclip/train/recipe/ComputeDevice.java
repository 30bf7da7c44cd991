package org.samclip.train.recipe;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import org.samclip.UserError;

/** Turns a device's name into the device, if this machine has it. */
public final class ComputeDevice {

  private ComputeDevice() {}

  /**
   * @param name {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:N}
   * @throws UserError for another name, and for a GPU that is not there or that the build cannot
   *     use
   */
  public static Device of(String name) {
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    if (!name.matches("cuda(:[0-9]{1,3})?")) {
      throw new UserError("device '" + name + "' is unknown; allowed: cpu, cuda, cuda:N");
    }
    Engine engine = Engine.getInstance();
    if (!engine.hasCapability(StandardCapabilities.CUDA)) {
      throw new UserError(
          "device '"
              + name
              + "' asks for a GPU, but this build of libtorch has no CUDA; use 'cpu'"
              + " (--set device=cpu), or build with 'mvn -Pcuda package'");
    }
    int count = engine.getGpuCount();
    int number = name.equals("cuda") ? 0 : Integer.parseInt(name.substring("cuda:".length()));
    if (number >= count) {
      throw new UserError(
          "device '"
              + name
              + "' is not there; this machine has "
              + (count == 0 ? "no GPU" : "GPUs cuda:0 to cuda:" + (count - 1))
              + "; 'cpu' always works (--set device=cpu)");
    }
    return Device.gpu(number);
  }
}
