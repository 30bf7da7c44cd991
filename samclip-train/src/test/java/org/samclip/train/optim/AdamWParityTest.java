package org.samclip.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.parity.Vectors.Tolerance;

/** Groups, clipping, schedule and moments, step for step, against the vectors in {@code adamw}. */
class AdamWParityTest {

  private static final String FILE = "adamw";

  private NDManager manager;
  private Vectors vectors;
  private JsonNode config;

  @BeforeEach
  void load() {
    manager = LibTorch.newManager(Device.cpu());
    vectors = Vectors.load(FILE);
    config = vectors.json().get("config");
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private int steps() {
    return config.get("steps").asInt();
  }

  private CosineSchedule schedule() {
    return new CosineSchedule(config.get("warmup_steps").asLong(), steps(), 0);
  }

  private List<AdamW.Group> groups() {
    List<AdamW.Group> groups = new ArrayList<>();
    for (JsonNode group : config.get("groups")) {
      Map<String, NDArray> parameters = new LinkedHashMap<>();
      group
          .get("parameters")
          .fieldNames()
          .forEachRemaining(name -> parameters.put(name, vectors.array("start." + name, manager)));
      groups.add(
          new AdamW.Group(
              parameters, group.get("lr").asDouble(), group.get("weight_decay").asDouble()));
    }
    return groups;
  }

  private AdamW optimizer(List<AdamW.Group> groups) {
    AdamW.Settings settings =
        new AdamW.Settings(
            config.get("betas").get(0).asDouble(),
            config.get("betas").get(1).asDouble(),
            config.get("eps").asDouble());
    return new AdamW(settings, groups, manager);
  }

  private static Map<String, NDArray> parameters(List<AdamW.Group> groups) {
    Map<String, NDArray> all = new LinkedHashMap<>();
    groups.forEach(group -> all.putAll(group.parameters()));
    return all;
  }

  /** The stored gradients come in as those of {@code sum(p * g)}, in two halves that add up. */
  private void backward(Map<String, NDArray> parameters, int step) {
    try (Autograd on = Autograd.enabled()) {
      for (int half = 0; half < 2; half++) {
        parameters.forEach(
            (name, p) -> {
              NDArray g = vectors.array("step" + step + ".grad." + name, manager);
              on.backward(p.mul(g.mul(.5f)).sum());
            });
      }
    }
  }

  private double update(AdamW optimizer, Map<String, NDArray> parameters, int step) {
    optimizer.zeroGradients();
    backward(parameters, step);
    double norm = optimizer.clip(config.get("max_norm").asDouble());
    optimizer.step(schedule().factor(step - 1));
    return norm;
  }

  @Test
  void scheduleGivesTheStoredRates() {
    for (JsonNode entry : vectors.json().get("learning_rates")) {
      double factor = schedule().factor(entry.get("step").asLong() - 1);
      for (int i = 0; i < config.get("groups").size(); i++) {
        double expected = entry.get("lr").get(i).asDouble();
        double base = config.get("groups").get(i).get("lr").asDouble();
        assertEquals(expected, base * factor, 1e-12 * base);
      }
    }
  }

  @Test
  void everyStep() {
    List<AdamW.Group> groups = groups();
    Map<String, NDArray> parameters = parameters(groups);
    AdamW optimizer = optimizer(groups);
    Tolerance tolerance = vectors.tolerance();
    for (int step = 1; step <= steps(); step++) {
      String at = "step" + step + ".";
      double norm = update(optimizer, parameters, step);
      double expected = vectors.floats(at + "norm")[0];
      assertEquals(expected, norm, tolerance.atol() + tolerance.rtol() * expected, at + "norm");
      Map<String, NDArray> state = optimizer.state();
      for (String name : parameters.keySet()) {
        NDArray p = parameters.get(name);
        vectors.assertClose(name, p.getGradient(), FILE, at + "clipped." + name, tolerance);
        vectors.assertClose(name, p, FILE, at + "param." + name, tolerance);
        NDArray m = state.get("exp_avg." + name);
        NDArray v = state.get("exp_avg_sq." + name);
        vectors.assertClose(name, m, FILE, at + "exp_avg." + name, tolerance);
        vectors.assertClose(name, v, FILE, at + "exp_avg_sq." + name, tolerance);
        assertEquals(step, state.get("step." + name).getFloat());
      }
    }
  }

  @Test
  void savedStateContinuesIdentically(@TempDir Path folder) {
    List<AdamW.Group> through = groups();
    AdamW whole = optimizer(through);
    for (int step = 1; step <= steps(); step++) {
      update(whole, parameters(through), step);
    }
    int middle = steps() / 2;
    List<AdamW.Group> first = groups();
    AdamW before = optimizer(first);
    for (int step = 1; step <= middle; step++) {
      update(before, parameters(first), step);
    }
    Path file = folder.resolve("state.safetensors");
    new SafetensorsWriter().addAll(before.state()).write(file);

    List<AdamW.Group> second = groups();
    parameters(second)
        .forEach((name, p) -> ParameterLoader.copyInPlace(parameters(first).get(name), p));
    AdamW after = optimizer(second);
    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      new ParameterLoader().load(after.state(), saved);
    }
    for (int step = middle + 1; step <= steps(); step++) {
      update(after, parameters(second), step);
    }
    assertSame(parameters(through), parameters(second));
    assertSame(whole.state(), after.state());
  }

  @Test
  void refusesTheStateOfOtherParameters(@TempDir Path folder) {
    NDArray lone = manager.create(new float[] {1, 2, 3});
    AdamW other = optimizer(List.of(new AdamW.Group(Map.of("not in the vectors", lone), 1, 0)));
    Path file = folder.resolve("state.safetensors");
    new SafetensorsWriter().addAll(other.state()).write(file);
    AdamW own = optimizer(groups());
    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      Map<String, float[]> before = values(own.state());
      assertThrows(UserError.class, () -> new ParameterLoader().load(own.state(), saved));
      Map<String, float[]> after = values(own.state());
      before.forEach((name, values) -> assertArrayEquals(values, after.get(name), name));
    }
  }

  @Test
  void parametersOutsideTheGroupsStay() {
    List<AdamW.Group> groups = groups();
    Map<String, NDArray> all = parameters(groups);
    NDArray frozen = manager.create(new float[] {1, 2, 3});
    NDArray other = manager.create(new float[] {4, 5, 6});
    other.setRequiresGradient(true);
    AdamW optimizer = optimizer(groups.subList(0, 1));
    parameters(groups.subList(1, groups.size())).values().forEach(p -> p.setRequiresGradient(true));
    Map<String, float[]> before = values(all);
    optimizer.zeroGradients();
    backward(all, 1);
    try (Autograd on = Autograd.enabled()) {
      NDArray first = groups.get(0).parameters().values().iterator().next();
      on.backward(frozen.mul(other).sum().add(first.sum().mul(frozen.sum())));
    }
    double all1 = optimizer.clip(0);
    double own = 0;
    for (NDArray p : groups.get(0).parameters().values()) {
      own += p.getGradient().pow(2).sum().getFloat();
    }
    assertEquals(Math.sqrt(own), all1, 1e-4 * all1, "the norm is that of the groups alone");
    optimizer.step(1);
    assertArrayEquals(new float[] {1, 2, 3}, frozen.toFloatArray());
    assertArrayEquals(new float[] {4, 5, 6}, other.toFloatArray());
    assertFalse(frozen.hasGradient());
    Map<String, float[]> after = values(all);
    for (int i = 0; i < groups.size(); i++) {
      for (String name : groups.get(i).parameters().keySet()) {
        boolean same = java.util.Arrays.equals(before.get(name), after.get(name));
        assertEquals(i > 0, same, name);
      }
    }
  }

  @Test
  void aLimitOfZeroOnlyMeasures() {
    List<AdamW.Group> groups = groups();
    Map<String, NDArray> parameters = parameters(groups);
    AdamW optimizer = optimizer(groups);
    backward(parameters, 1);
    double norm = optimizer.clip(0);
    assertEquals(vectors.floats("step1.norm")[0], norm, 1e-5 * norm);
    parameters.forEach(
        (name, p) ->
            assertArrayEquals(
                vectors.floats("step1.grad." + name), p.getGradient().toFloatArray(), name));
  }

  /** As in torch, where such a parameter's gradient is None: decay and moments included. */
  @Test
  void whatHasNoGradientInAStepIsLeftAlone() {
    List<AdamW.Group> groups = groups();
    Map<String, NDArray> parameters = parameters(groups);
    AdamW optimizer = optimizer(groups);
    assertEquals(List.copyOf(parameters.keySet()), optimizer.untouched());
    update(optimizer, parameters, 1);
    assertEquals(List.of(), optimizer.untouched());
    Map<String, float[]> before = values(parameters);
    Map<String, float[]> stateBefore = values(optimizer.state());
    optimizer.zeroGradients();
    assertEquals(0, optimizer.clip(1e-3));
    optimizer.step(1);
    before.forEach(
        (name, values) -> assertArrayEquals(values, parameters.get(name).toFloatArray(), name));
    stateBefore.forEach(
        (name, values) ->
            assertArrayEquals(values, optimizer.state().get(name).toFloatArray(), name));
  }

  /** Left out in every second step, a parameter fares as it would with the other steps alone. */
  @Test
  void stepsWithoutAGradientDoNotCount() {
    List<AdamW.Group> groups = groups();
    Map<String, NDArray> parameters = parameters(groups);
    String left = parameters.keySet().iterator().next();
    Map<String, NDArray> others = new LinkedHashMap<>(parameters);
    others.remove(left);
    AdamW optimizer = optimizer(groups);
    List<AdamW.Group> lone = groups();
    Map<String, NDArray> alone = Map.of(left, parameters(lone).get(left));
    AdamW reference =
        optimizer(List.of(new AdamW.Group(alone, groups.get(0).lr(), groups.get(0).weightDecay())));
    for (int step = 1; step <= steps(); step++) {
      boolean even = step % 2 == 0;
      optimizer.zeroGradients();
      backward(even ? others : parameters, step);
      optimizer.step(1);
      if (!even) {
        reference.zeroGradients();
        backward(alone, step);
        reference.step(1);
      }
    }
    assertArrayEquals(alone.get(left).toFloatArray(), parameters.get(left).toFloatArray());
    assertEquals((steps() + 1) / 2, optimizer.state().get("step." + left).getFloat());
    others
        .keySet()
        .forEach(n -> assertEquals(steps(), optimizer.state().get("step." + n).getFloat(), n));
  }

  @Test
  void closingEndsTraining() {
    List<AdamW.Group> groups = groups();
    AdamW optimizer = optimizer(groups);
    optimizer.close();
    for (NDArray p : parameters(groups).values()) {
      assertFalse(p.hasGradient(), "a gradient is left");
      try (Autograd on = Autograd.enabled();
          NDArray sum = p.sum()) {
        assertFalse(sum.hasGradient());
        assertThrows(RuntimeException.class, () -> on.backward(sum));
      }
    }
  }

  @Test
  void aGroupNeedsParameters() {
    assertThrows(IllegalArgumentException.class, () -> new AdamW.Group(Map.of(), 1, 0));
  }

  private static Map<String, float[]> values(Map<String, NDArray> arrays) {
    Map<String, float[]> values = new LinkedHashMap<>();
    arrays.forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }

  private static void assertSame(Map<String, NDArray> expected, Map<String, NDArray> got) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (name, array) ->
            assertArrayEquals(array.toFloatArray(), got.get(name).toFloatArray(), name));
  }
}
