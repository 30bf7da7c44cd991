package org.samclip.train.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/** How fast a device multiplies float32 matrices, measured for a moment. */
public final class MatmulRate {

  private static final int SIDE = 1024;
  private static final long MEASURED_NANOS = 500_000_000;

  private MatmulRate() {}

  /**
   * @param device to measure
   * @return floating-point operations a second
   */
  public static double measure(Device device) {
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(device)) {
      NDArray a = manager.ones(new ai.djl.ndarray.types.Shape(SIDE, SIDE));
      multiply(a); // the first call sets things up
      long end = System.nanoTime() + MEASURED_NANOS;
      long fastest = Long.MAX_VALUE;
      // The fastest product is the one that other programs disturbed least.
      for (long now = System.nanoTime(); now < end; ) {
        multiply(a);
        long then = System.nanoTime();
        fastest = Math.min(fastest, then - now);
        now = then;
      }
      return 2. * SIDE * SIDE * SIDE / fastest * 1e9;
    }
  }

  private static void multiply(NDArray a) {
    try (NDArray product = a.matMul(a);
        NDArray sum = product.sum()) {
      sum.getFloat(); // waits for the device
    }
  }
}
