package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;

class DeviceNameTest {

  private static String error(String name) {
    return assertThrows(UserError.class, () -> LibTorch.device(name)).getMessage();
  }

  @Test
  void cpuIsAlwaysThere() {
    assertEquals(Device.cpu(), LibTorch.device("cpu"));
  }

  @Test
  void gpuThatIsNotThereIsRefused() {
    // No machine has so many.
    String message = error("cuda:999");
    assertTrue(message.startsWith("device 'cuda:999' "), message);
    assertTrue(message.contains("use device cpu"), message);
  }

  @Test
  void unknownNamesAreRefused() {
    for (String name : new String[] {"gpu", "cuda:", "cuda:x", "cuda:9999", "", "CPU"}) {
      assertTrue(error(name).contains("allowed: cpu, cuda, cuda:N"));
    }
  }
}
