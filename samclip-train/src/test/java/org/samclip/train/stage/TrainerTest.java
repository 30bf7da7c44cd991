package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.optim.GradientTelemetry;

class TrainerTest {

  private static final AdamW.Settings SETTINGS = new AdamW.Settings(.9, .98, 1e-6);
  private static final float[] START = {1, -2, 3};

  private NDManager manager;
  private NDArray w;
  private AdamW optimizer;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    w = manager.create(START.clone());
    optimizer = new AdamW(SETTINGS, List.of(new AdamW.Group(Map.of("w", w), .1, 0)), manager);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  /** A loss of the parameter, with a weight. */
  private final class Simple implements TrainingFeed {

    final List<Long> steps = new ArrayList<>();
    private final String name;
    private final float weight;
    private final Function<NDArray, NDArray> loss;

    Simple(String name, float weight, Function<NDArray, NDArray> loss) {
      this.name = name;
      this.weight = weight;
      this.loss = loss;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Outcome backward(long step, Autograd on) {
      steps.add(step);
      NDArray value = loss.apply(w);
      on.backward(value.mul(weight));
      Map<String, Long> mix = Map.of("a", 3L, "b", step);
      Map<String, Double> losses = Map.of(name, (double) value.getFloat());
      return new Outcome(() -> losses, 4, mix, (int) step);
    }

    @Override
    public Position position() {
      return Position.START;
    }

    @Override
    public double waitedSeconds() {
      return 1.5;
    }

    @Override
    public void close() {}
  }

  private Trainer trainer(double clipNorm, TrainingFeed... feeds) {
    return new Trainer(List.of(feeds), optimizer, new CosineSchedule(2, 10, 0), clipNorm);
  }

  @Test
  void gradientsOfTheWeightedLossesAddUp() {
    Simple sum = new Simple("sum", 2, NDArray::sum);
    Simple square = new Simple("square", 10, x -> x.pow(2).sum());
    Trainer trainer = trainer(0, sum, square);
    for (int step = 0; step < 2; step++) {
      float[] before = w.toFloatArray();
      Trainer.Step result = trainer.step(step);
      float[] gradient = new float[before.length];
      double norm = 0;
      double total = 0;
      double squares = 0;
      for (int i = 0; i < before.length; i++) {
        gradient[i] = 2 + 10 * 2 * before[i];
        norm += gradient[i] * gradient[i];
        total += before[i];
        squares += before[i] * before[i];
      }
      assertArrayEquals(gradient, w.getGradient().toFloatArray(), 1e-3f, "step " + step);
      assertEquals(Math.sqrt(norm), result.gradients().norm(), 1e-3);
      assertEquals(total, result.losses().get("sum"), 1e-4, "before weighting");
      assertEquals(squares, result.losses().get("square"), 1e-3, "before weighting");
      assertEquals(8, result.images());
      assertEquals((step + 1) / 2., result.lrFactor());
    }
    assertEquals(List.of(0L, 1L), sum.steps);
    assertEquals(3, trainer.waitedSeconds());
  }

  @Test
  void sourcesOfOneNameAreToldApartByTheirData() {
    Trainer trainer =
        trainer(0, new Simple("clip", 1, NDArray::sum), new Simple("sam", 1, NDArray::sum));
    assertEquals(
        Map.of("clip_a", 3L, "clip_b", 0L, "sam_a", 3L, "sam_b", 0L), trainer.step(0).samples());
    Map<String, Long> second = trainer.step(2).samples();
    assertEquals(2, second.get("clip_b"));
    assertEquals(2, second.get("sam_passed_over"));
  }

  @Test
  void gradientsOfSeveralLossesAreToldApart() {
    Simple sum = new Simple("sum", 2, NDArray::sum);
    Simple square = new Simple("square", 10, x -> x.pow(2).sum());
    try (GradientTelemetry telemetry =
        new GradientTelemetry(Map.of("w", w), name -> name.equals("w"), manager)) {
      Trainer trainer = trainer(1, sum, square).optTelemetry(telemetry, 2);
      for (int step = 0; step < 4; step++) {
        float[] before = w.toFloatArray();
        Trainer.Gradients gradients = trainer.step(step).gradients();
        double own = 0;
        double dot = 0;
        for (float x : before) {
          own += 20 * x * 20 * x;
          dot += 20 * x * 2;
        }
        assertEquals(2 * Math.sqrt(3), gradients.norms().get("sum"), 1e-4);
        assertEquals(Math.sqrt(own), gradients.norms().get("square"), 1e-3);
        double cosine = dot / Math.sqrt(own) / (2 * Math.sqrt(3));
        if (step % 2 == 0) {
          assertEquals(cosine, gradients.cosine(), 1e-4);
        } else {
          assertTrue(Double.isNaN(gradients.cosine()), "only every second step");
        }
        assertTrue(gradients.clipped());
      }
    }
  }

  @Test
  void aSingleLossNeedsNoTelling() {
    try (GradientTelemetry telemetry =
        new GradientTelemetry(Map.of("w", w), name -> true, manager)) {
      Trainer trainer = trainer(0, new Simple("sum", 1, NDArray::sum)).optTelemetry(telemetry, 1);
      Trainer.Gradients gradients = trainer.step(0).gradients();
      assertEquals(Map.of(), gradients.norms());
      assertFalse(gradients.clipped(), "there is no limit");
    }
  }

  @Test
  void oneUpdateFollowsTheScheduleAndTheClippedGradient() {
    Trainer trainer = trainer(1, new Simple("sum", 100, NDArray::sum));
    Trainer.Step result = trainer.step(0);
    assertEquals(100 * Math.sqrt(3), result.gradients().norm(), 1e-3, "before clipping");
    float clipped = (float) (1 / Math.sqrt(3));
    assertArrayEquals(
        new float[] {clipped, clipped, clipped}, w.getGradient().toFloatArray(), 1e-5f);
    // AdamW's first step is one rate long, whatever the gradient; the rate is half of .1.
    assertArrayEquals(new float[] {.95f, -2.05f, 2.95f}, w.toFloatArray(), 1e-5f);
  }

  @Test
  void aLossThatIsNoNumberStopsBeforeTheUpdate() {
    refuses(new Simple("bad", 1, x -> x.sum().mul(Float.NaN)), "bad=NaN");
  }

  @Test
  void anInfiniteLossStopsBeforeTheUpdate() {
    refuses(new Simple("bad", 1, x -> x.sum().mul(1e30f).mul(1e30f)), "bad=Infinity");
  }

  /** The loss is 0, its gradient 0 times infinity. */
  @Test
  void aGradientThatIsNoNumberStopsBeforeTheUpdate() {
    refuses(new Simple("bad", 1, x -> x.sub(x.stopGradient()).abs().sqrt().sum()), "bad=0.0");
  }

  private void refuses(TrainingFeed bad, String named) {
    Simple good = new Simple("good", 1, NDArray::sum);
    trainer(1, good).step(0);
    float[] before = w.toFloatArray();
    float[] moments = optimizer.state().get("exp_avg.w").toFloatArray();
    UserError error = assertThrows(UserError.class, () -> trainer(1, good, bad).step(5));
    assertTrue(error.getMessage().contains("step 5"), error.getMessage());
    assertTrue(error.getMessage().contains(named), error.getMessage());
    assertArrayEquals(before, w.toFloatArray());
    assertArrayEquals(moments, optimizer.state().get("exp_avg.w").toFloatArray());
    assertEquals(1, optimizer.state().get("step.w").getFloat());
    // Nothing is left of it in the next step's gradients.
    trainer(0, good).step(6);
    assertArrayEquals(new float[] {1, 1, 1}, w.getGradient().toFloatArray());
  }
}
