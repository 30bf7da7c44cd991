package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.LibTorch;
import org.samclip.nn.PositionGrid;

/** Resizing against torch: every filter, to larger and smaller and uneven grids, gradients. */
class PositionGridParityTest {

  private static final String SET = "pos_embed";
  private static final Pattern NAME =
      Pattern.compile("(small\\.)?((?:bilinear|bicubic)(?:_antialias)?)\\.(\\d+)x(\\d+)(\\.grad)?");

  private final Vectors vectors = Vectors.load(SET);
  private final Vectors.Tolerance tolerance = vectors.tolerance();
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
  void everyFilterAndGrid() {
    int values = 0;
    for (String name : vectors.names(SET)) {
      Matcher parts = NAME.matcher(name);
      if (!parts.matches()) {
        assertTrue(name.startsWith("input"), name);
        continue;
      }
      Resize how = Resize.valueOf(parts.group(2).toUpperCase(Locale.ROOT));
      values++;
      long h = Long.parseLong(parts.group(3));
      long w = Long.parseLong(parts.group(4));
      NDArray input = vectors.array(parts.group(1) == null ? "input" : "input.small", manager);
      if (parts.group(5) == null) {
        vectors.assertClose(name, Kernels.resize(input, h, w, how), SET, name, tolerance);
      } else {
        vectors.assertClose(name, gradient(input, h, w, how), SET, name, tolerance);
      }
    }
    assertTrue(values > 0);
  }

  /** Of {@code sum(output * linspace(-1, 1, n))}. */
  private NDArray gradient(NDArray input, long h, long w, Resize how) {
    input.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      NDArray output = Kernels.resize(input, h, w, how);
      NDArray weight = manager.linspace(-1f, 1f, Math.toIntExact(output.size()));
      on.backward(output, weight.reshape(output.getShape()));
    }
    return input.getGradient();
  }

  @Test
  void samsGridIsResizedWithoutAntialias() {
    NDArray grid = vectors.array("input", manager).transpose(0, 2, 3, 1);
    for (String name : vectors.names(SET)) {
      Matcher parts = NAME.matcher(name);
      boolean plain = parts.matches() && parts.group(1) == null && parts.group(5) == null;
      if (plain && parts.group(2).equals("bicubic")) {
        long h = Long.parseLong(parts.group(3));
        long w = Long.parseLong(parts.group(4));
        NDArray got = PositionGrid.resize(manager, grid, h, w).transpose(0, 3, 1, 2);
        vectors.assertClose("grid of " + name, got, SET, name, tolerance);
      }
    }
  }

  @Test
  void aGridThatFitsIsItself() {
    NDArray grid = vectors.array("input", manager).transpose(0, 2, 3, 1);
    Shape s = grid.getShape();
    assertEquals(grid, PositionGrid.resize(manager, grid, s.get(1), s.get(2)));
    NDArray table = manager.arange(10f).reshape(5, 2);
    assertEquals(table, PositionGrid.resizeWithClass(manager, table, 2, 2));
    NDArray uneven = PositionGrid.resizeWithClass(manager, table, 1, 4);
    assertEquals(new Shape(5, 2), uneven.getShape());
    assertEquals(table.get(0), uneven.get(0));
  }
}
