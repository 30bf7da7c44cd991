package org.samclip.train.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/** How fast a device multiplies float32 matrices, measured for a moment. */
final class MatmulRate {

  private static final int SIDE = 1024;
  private static final double SECONDS = .5;

  private MatmulRate() {}

  /**
   * @param device to measure
   * @return floating-point operations a second
   */
  static double measure(Device device) {
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(device)) {
      NDArray a = manager.ones(new ai.djl.ndarray.types.Shape(SIDE, SIDE));
      multiply(a); // the first call sets things up
      long start = System.nanoTime();
      int products = 0;
      double seconds;
      do {
        multiply(a);
        products++;
        seconds = (System.nanoTime() - start) / 1e9;
      } while (seconds < SECONDS);
      return products * 2. * SIDE * SIDE * SIDE / seconds;
    }
  }

  private static void multiply(NDArray a) {
    try (NDArray product = a.matMul(a);
        NDArray sum = product.sum()) {
      sum.getFloat(); // waits for the device
    }
  }
}
