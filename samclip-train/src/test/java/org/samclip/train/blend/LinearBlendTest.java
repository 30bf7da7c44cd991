package org.samclip.train.blend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

/** The weighted sum against float64, and what surrounds a method. */
class LinearBlendTest {

  private static final Shape SHAPE = new Shape(3, 1, 5);

  private static float[] values(Random random) {
    float[] values = new float[(int) SHAPE.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
    }
    return values;
  }

  private static float[] sum(List<float[]> models, double... weights) {
    float[] expected = new float[models.get(0).length];
    for (int i = 0; i < expected.length; i++) {
      double sum = 0;
      for (int m = 0; m < weights.length; m++) {
        sum += weights[m] * models.get(m)[i];
      }
      expected[i] = (float) sum;
    }
    return expected;
  }

  @Test
  void isTheSumInFloat64() {
    Random random = new Random(7);
    List<float[]> models = List.of(values(random), values(random), values(random));
    double[] weights = {.3, -1.25, 1.95};
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      List<NDArray> arrays = new ArrayList<>();
      models.forEach(model -> arrays.add(manager.create(model, SHAPE)));
      NDArray blend = new LinearBlend().blend("any", arrays, weights);
      assertEquals(SHAPE, blend.getShape());
      assertEquals(DataType.FLOAT32, blend.getDataType());
      assertArrayEquals(sum(models, weights), blend.toFloatArray());
      for (int m = 0; m < models.size(); m++) {
        assertArrayEquals(models.get(m), arrays.get(m).toFloatArray(), "a model has changed");
      }
    }
  }

  /** Frozen parameters must not drift by rounding. */
  @Test
  void whatTheModelsHaveInCommonStays() {
    float[] same = values(new Random(8));
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      for (double share : List.of(.1, .3, 1 / 3., .5, .77)) {
        List<NDArray> arrays = List.of(manager.create(same, SHAPE), manager.create(same, SHAPE));
        double[] weights = {1 - share, share};
        NDArray blend = new LinearBlend().blend("any", arrays, weights);
        assertArrayEquals(same, blend.toFloatArray(), () -> "with " + share);
      }
    }
  }

  /** One model is read from the memory that is written; parameters that learn are no obstacle. */
  @Test
  void wholeModelsAreBlendedInPlace() {
    Random random = new Random(9);
    float[] first = values(random);
    float[] second = values(random);
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      NDArray a = manager.create(first, SHAPE);
      NDArray b = manager.create(first, SHAPE);
      a.setRequiresGradient(true);
      Map<String, NDArray> held = Map.of("a", a, "b", b);
      List<Blending.Part> parts =
          List.of(
              new Blending.Part((name, own) -> own.create(second, SHAPE), .25),
              new Blending.Part(Blending.held(held), .75));
      new Blending(new LinearBlend(), "a"::equals, 0).into(held, parts);
      assertArrayEquals(sum(List.of(second, first), .25, .75), a.toFloatArray());
      assertTrue(a.hasGradient());
      assertArrayEquals(second, b.toFloatArray());
      assertFalse(b.hasGradient());
    }
  }

  @Test
  void methodsAreFoundByName() {
    assertEquals(Set.of("linear"), BlendMethods.installed().names());
    assertEquals("linear", BlendMethods.installed().of("linear").name());
    String unknown =
        assertThrows(UserError.class, () -> BlendMethods.installed().of("liner")).getMessage();
    assertEquals(
        "method of blending 'liner' is unknown; allowed: linear. Did you mean 'linear'?", unknown);
    String twice =
        assertThrows(
                UserError.class,
                () -> new BlendMethods(List.of(new LinearBlend(), new LinearBlend())))
            .getMessage();
    assertTrue(twice.contains("'linear' is provided by"), twice);
  }
}
