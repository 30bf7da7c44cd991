package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gradient mode is a matter of the scope and of the thread. */
class AutogradTest {

  private static final Executor NEW_THREAD = task -> new Thread(task).start();

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void scopesNestAndPutTheModeBack() {
    boolean before = JniUtils.isGradMode();
    try (Autograd on = Autograd.enabled()) {
      assertTrue(JniUtils.isGradMode());
      try (Autograd off = Autograd.disabled()) {
        assertFalse(JniUtils.isGradMode());
        try (Autograd again = Autograd.enabled()) {
          assertTrue(JniUtils.isGradMode());
        }
        assertFalse(JniUtils.isGradMode());
      }
      assertTrue(JniUtils.isGradMode());
    }
    assertEquals(before, JniUtils.isGradMode());
  }

  @Test
  void anExceptionPutsTheModeBackToo() {
    for (boolean before : new boolean[] {true, false}) {
      try (Autograd outer = before ? Autograd.enabled() : Autograd.disabled()) {
        assertThrows(
            IllegalStateException.class,
            () -> {
              try (Autograd inner = before ? Autograd.disabled() : Autograd.enabled()) {
                throw new IllegalStateException();
              }
            });
        assertEquals(before, JniUtils.isGradMode());
      }
    }
  }

  @Test
  void aThreadsModeIsItsOwn() {
    try (Autograd off = Autograd.disabled()) {
      boolean inside =
          CompletableFuture.supplyAsync(
                  () -> {
                    try (Autograd own = Autograd.enabled()) {
                      return recorded(own);
                    }
                  },
                  NEW_THREAD)
              .join();
      assertTrue(inside);
      assertFalse(recorded(off));
    }
    try (Autograd on = Autograd.enabled()) {
      boolean inside =
          CompletableFuture.supplyAsync(
                  () -> {
                    try (Autograd own = Autograd.disabled()) {
                      return recorded(own);
                    }
                  },
                  NEW_THREAD)
              .join();
      assertFalse(inside);
      assertTrue(recorded(on));
    }
  }

  /** Whether a kernel's result can be differentiated. */
  private boolean recorded(Autograd scope) {
    NDArray x = manager.ones(new Shape(1, 2));
    x.setRequiresGradient(true);
    NDArray y = Kernels.gelu(x);
    try {
      scope.backward(y.sum());
    } catch (EngineException e) {
      return false;
    }
    return x.getGradient().getFloat(0, 0) != 0;
  }

  @Test
  void anUpstreamGradientWeighsTheOutput() {
    NDArray x = manager.create(new float[] {1, 2, 3});
    x.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      on.backward(x.mul(x), manager.create(new float[] {1, 10, 100}));
    }
    assertArrayEquals(new float[] {2, 40, 600}, x.getGradient().toFloatArray());
  }

  @Test
  void aLossOutsideAnyScopeIsRefused() {
    NDArray x = manager.ones(new Shape(2));
    x.setRequiresGradient(true);
    NDArray loss;
    try (Autograd off = Autograd.disabled()) {
      loss = x.sum();
    }
    try (Autograd on = Autograd.enabled()) {
      assertThrows(RuntimeException.class, () -> on.backward(loss));
    }
  }
}
