package org.samclip.kernel;

/**
 * Matrix products in bfloat16 on this thread, until closed: linear layers, attention and
 * convolutions (not transposed ones) of {@link Kernels}. Parameters, norms, residual sums, results
 * and gradients stay float32, as in PyTorch's autocast.
 */
public final class Autocast implements AutoCloseable {

  private static final ThreadLocal<Boolean> BF16 = ThreadLocal.withInitial(() -> false);

  private final boolean before = BF16.get();

  private Autocast(boolean bf16) {
    BF16.set(bf16);
  }

  /**
   * @return bfloat16 until closed
   */
  public static Autocast bf16() {
    return new Autocast(true);
  }

  /**
   * @return float32 until closed
   */
  public static Autocast float32() {
    return new Autocast(false);
  }

  /**
   * @return whether this thread's products take bfloat16
   */
  public static boolean isBf16() {
    return BF16.get();
  }

  @Override
  public void close() {
    BF16.set(before);
  }
}
