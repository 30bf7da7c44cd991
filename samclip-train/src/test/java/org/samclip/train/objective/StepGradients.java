package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.parity.Vectors;
import org.samclip.student.Student;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.stage.Trainer;

/**
 * What one step at rate 0 gives.
 *
 * @param values gradients of all parameters but the prompt encoder's, by name
 * @param report of the step
 */
record StepGradients(Map<String, float[]> values, Trainer.Step report) {

  /** Runs the feeds' first step and closes them. */
  static StepGradients of(NDManager manager, Student student, StudentFeed... feeds) {
    Map<String, NDArray> learning = new LinkedHashMap<>(student.arrays());
    learning.keySet().removeIf(name -> name.startsWith("prompt_encoder."));
    AdamW optimizer =
        new AdamW(
            new AdamW.Settings(.9, .98, 1e-6), List.of(new AdamW.Group(learning, 0, 0)), manager);
    Trainer trainer = new Trainer(List.of(feeds), optimizer, new CosineSchedule(0, 10, 0), 0);
    Trainer.Step report = trainer.step(0);
    Map<String, float[]> values = new LinkedHashMap<>();
    learning.forEach((name, p) -> values.put(name, p.getGradient().toFloatArray()));
    optimizer.close();
    for (StudentFeed feed : feeds) {
      feed.close();
    }
    return new StepGradients(values, report);
  }

  double loss(String name) {
    return report.losses().get(name);
  }

  double largest() {
    return values.keySet().stream().mapToDouble(this::largest).max().orElseThrow();
  }

  double largest(String name) {
    double largest = 0;
    for (float value : values.get(name)) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  StepGradients times(float factor) {
    Map<String, float[]> scaled = new LinkedHashMap<>();
    values.forEach(
        (name, own) -> {
          float[] all = new float[own.length];
          for (int i = 0; i < all.length; i++) {
            all[i] = factor * own[i];
          }
          scaled.put(name, all);
        });
    return new StepGradients(scaled, report);
  }

  StepGradients plus(StepGradients other) {
    Map<String, float[]> sums = times(1).values();
    other.values.forEach(
        (name, own) -> {
          float[] sum = sums.get(name);
          for (int i = 0; i < sum.length; i++) {
            sum[i] += own[i];
          }
        });
    return new StepGradients(sums, report);
  }

  /** Has them too, within float32's rounding of sums. */
  void assertEqual(StepGradients got) {
    assertEquals(values.keySet(), got.values.keySet());
    double atol = 1e-5 * largest();
    values.forEach((name, own) -> Vectors.assertClose(name, got.values.get(name), own, 1e-4, atol));
  }
}
