package org.samclip.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.LibTorch;

/** A parameter's start depends on the seed and its full name, and on nothing else. */
class InitializationTest {

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** Parameters and children in the order of their names as given. */
  private static final class Parts extends Module {
    Parts(String... names) {
      for (String name : names) {
        if (name.startsWith("layer")) {
          child(name, new Linear(4, 3));
        } else {
          parameter(name, Init.normal(1), 2, 3);
        }
      }
    }

    @Override
    protected NDList forward(NDList inputs) {
      return inputs;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }

  private Map<String, float[]> values(Module module, long seed) {
    module.initialize(manager, seed);
    Map<String, float[]> values = new LinkedHashMap<>();
    module.arrays().forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }

  @Test
  void theOrderOfDeclarationDoesNotMatter() {
    Map<String, float[]> one = values(new Parts("a", "layer1", "b", "layer2"), 8);
    Map<String, float[]> other = values(new Parts("layer2", "b", "new", "a", "layer1"), 8);
    one.forEach((name, value) -> assertArrayEquals(value, other.get(name), name));
  }

  @Test
  void theSameSeedTwiceAndAnotherSeed() {
    Map<String, float[]> one = values(new Parts("a", "layer1"), 8);
    Map<String, float[]> again = values(new Parts("a", "layer1"), 8);
    Map<String, float[]> other = values(new Parts("a", "layer1"), 9);
    one.forEach((name, value) -> assertArrayEquals(value, again.get(name), name));
    assertFalse(Arrays.equals(one.get("a"), other.get("a")));
    assertFalse(Arrays.equals(one.get("layer1.weight"), other.get("layer1.weight")));
  }

  @Test
  void noTwoParametersShareValues() {
    Set<String> seen = new HashSet<>();
    for (long seed = 0; seed < 4; seed++) {
      Map<String, float[]> values = values(new Parts("a", "b", "c", "layer1", "layer2"), seed);
      values.forEach(
          (name, value) -> {
            if (!name.endsWith("bias")) {
              assertTrue(seen.add(Arrays.toString(value)), name);
            }
          });
    }
  }

  @Test
  void initialisingTwiceKeepsTheFirst() {
    Parts parts = new Parts("a");
    float[] first = values(parts, 8).get("a");
    assertArrayEquals(first, values(parts, 9).get("a"));
  }

  @Test
  void distributions() {
    double std = .02;
    float[] cut = Init.truncatedNormal(std).values(new long[] {100, 200}, 4);
    assertEquals(0, mean(cut), 5e-4);
    // Of a normal distribution cut at two deviations.
    assertEquals(.8796 * std, deviation(cut), 3e-4);
    for (float value : cut) {
      assertTrue(Math.abs(value) <= 2 * std * 1.000001);
    }
    float[] normal = Init.normal(std).values(new long[] {20000}, 4);
    assertEquals(0, mean(normal), 5e-4);
    assertEquals(std, deviation(normal), 3e-4);
    assertArrayEquals(new float[] {3, 3}, Init.constant(3).values(new long[] {2}, 1));
    assertArrayEquals(new float[] {1}, Init.ONES.values(new long[] {}, 1));
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double deviation(float[] values) {
    double mean = mean(values);
    double sum = 0;
    for (float value : values) {
      sum += (value - mean) * (value - mean);
    }
    return Math.sqrt(sum / values.length);
  }
}
