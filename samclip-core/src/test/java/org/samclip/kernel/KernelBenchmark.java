package org.samclip.kernel;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Single kernels at ViT-B's sizes beside the same in DJL's operators, float32, on the CPU, without
 * and with the gradients of everything that goes in. Run by {@code scripts/bench-kernels.sh}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class KernelBenchmark {

  private static final int WIDTH = 768;
  private static final int HEADS = 12;
  private static final int WINDOW = 14;

  /** What is measured. */
  public enum Kernel {
    /** qkv projection of a 1024 px image. */
    LINEAR,
    /** Windows of 14 x 14 over 64 x 64 tokens, with projections. */
    WINDOW_ATTENTION,
    /** Attention of 64 x 64 tokens to each other, with projections. */
    GLOBAL_ATTENTION,
    /** LayerNorm over the tokens of a 1024 px image. */
    LAYER_NORM,
    /** GELU of the MLP's hidden layer. */
    GELU
  }

  /** Whose. */
  public enum Form {
    /** {@link Kernels}. */
    SAMCLIP,
    /** {@link Formulas} and {@link EagerAttention}. */
    DJL
  }

  @Param private Kernel kernel;
  @Param private Form form;

  /** Side of the grid of tokens: 14 is a 224 px image, 64 one of 1024 px. */
  @Param({"14", "64"})
  private int grid;

  private NDManager manager;
  private Supplier<NDArray> forward;
  private NDArray upstream;

  @Setup(Level.Trial)
  public void start() {
    manager = LibTorch.newManager(Device.cpu());
    NDArray x = leaf(1, grid, grid, WIDTH);
    boolean ours = form == Form.SAMCLIP;
    forward =
        switch (kernel) {
          case LINEAR -> {
            NDArray w = leaf(3 * WIDTH, WIDTH);
            NDArray b = leaf(3 * WIDTH);
            yield () -> ours ? Kernels.linear(x, w, b) : Formulas.linear(x, w, b);
          }
          case WINDOW_ATTENTION -> {
            NDArray[] w = attention(WINDOW);
            yield () ->
                ours
                    ? Kernels.windowAttention(x, w, HEADS, WINDOW)
                    : EagerAttention.windowed(x, w, HEADS, WINDOW);
          }
          case GLOBAL_ATTENTION -> {
            NDArray[] w = attention(grid);
            yield () ->
                ours
                    ? Kernels.relPosAttention(x, w, HEADS, true)
                    : EagerAttention.global(x, w, HEADS);
          }
          case LAYER_NORM -> {
            NDArray w = leaf(WIDTH);
            NDArray b = leaf(WIDTH);
            yield () ->
                ours ? Kernels.layerNorm(x, w, b, 1e-6) : Formulas.layerNorm(x, w, b, 1e-6, 3);
          }
          case GELU -> {
            NDArray hidden = leaf(1, grid, grid, 4 * WIDTH);
            yield () -> ours ? Kernels.gelu(hidden) : Formulas.gelu(hidden);
          }
        };
    try (Autograd off = Autograd.disabled();
        NDArray shape = forward.get()) {
      upstream = manager.randomNormal(shape.getShape());
    }
  }

  /** Weights: qkv, projection, rel_pos_h, rel_pos_w. */
  private NDArray[] attention(int side) {
    return new NDArray[] {
      leaf(3 * WIDTH, WIDTH),
      leaf(3 * WIDTH),
      leaf(WIDTH, WIDTH),
      leaf(WIDTH),
      leaf(2L * side - 1, WIDTH / HEADS),
      leaf(2L * side - 1, WIDTH / HEADS)
    };
  }

  private NDArray leaf(long... shape) {
    NDArray leaf = manager.randomNormal(0, .02f, new Shape(shape), DataType.FLOAT32);
    leaf.setRequiresGradient(true); // gradients add up from call to call
    return leaf;
  }

  @TearDown(Level.Trial)
  public void stop() {
    manager.close();
  }

  @Benchmark
  public void forward() {
    try (NDScope scope = new NDScope();
        Autograd off = Autograd.disabled()) {
      scope.suppressNotUsedWarning();
      forward.get();
    }
  }

  @Benchmark
  public void forwardAndBackward() {
    try (NDScope scope = new NDScope();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      on.backward(forward.get(), upstream);
    }
  }
}
