package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.clip.Clip;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.kernel.TorchScript;
import org.samclip.model.SamClip;
import org.samclip.sam.Sam;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.PromptSpec;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.ClipDistillation;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.SamDistillation;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Multimask;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Target;

/**
 * A step changes exactly the parameters that torch has a gradient for. The reference is torch's own
 * word, {@code p.grad is not None}, for parameters that no optimiser has touched.
 */
@Timeout(120)
class UpdatedParametersTest {

  private static final TorchScript TORCH = TorchScript.load(UpdatedParametersTest.class, "Reached");

  /** So large that blocks have a backward pass of their own, and so small that autograd has it. */
  private enum Size {
    LARGE(256),
    SMALL(TinyModels.SIDE);

    final int side;

    Size(int side) {
      this.side = side;
    }
  }

  /** What is trained alone, and what it leaves out by the model's build. */
  private enum Loss {
    CLIP("clip_head\\..*|image_encoder\\.(?!neck\\.).*"),
    SAM("image_encoder\\..*|mask_decoder\\..*"),
    SAM_WITHOUT_IOU("image_encoder\\..*|mask_decoder\\.(?!iou_prediction_head\\.).*"),
    SAM_IOU_ALONE(
        "image_encoder\\..*|mask_decoder\\.(?!output_upscaling\\.|output_hypernetworks_mlps\\.).*");

    final String reached;

    Loss(String reached) {
      this.reached = reached;
    }
  }

  private NDManager manager;
  private Clip clipTeacher;
  private Sam samTeacher;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    clipTeacher = TinyModels.clip(manager, 2);
    samTeacher = TinyModels.sam(manager, 3);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private Objective objective(Loss loss, SamClip student, Size size) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(2)).stream(4, 1);
    Passes passes = new Passes(manager, new MicroBatch(0, size.side), false, Optional.empty());
    Span span = new Span(0, 100);
    if (loss == Loss.CLIP) {
      ClipBatches batches =
          new ClipBatches(
              stream,
              new AreaScaledBatch(2, size.side, List.of(size.side)),
              new RandomResizedCrop(.8, 1, .75, 4. / 3),
              TinyModels.TEACHER_SIDE,
              0,
              4);
      return new ClipDistillation(
          student, clipTeacher, new Feed<>(stream, batches, span), passes, 1);
    }
    PromptSpec prompts = new PromptSpec(3, .5, .1, 20, .9);
    SamBatches batches = new SamBatches(stream, 2, size.side, prompts, false, 4);
    double masks = loss == Loss.SAM_IOU_ALONE ? 0 : 1;
    double iou = loss == Loss.SAM_WITHOUT_IOU ? 0 : 1;
    SamLossSpec spec =
        new SamLossSpec(20 * masks, masks, null, 0, iou, 1, Target.SOFT, Multimask.ALL);
    return new SamDistillation(
        student, samTeacher, new Feed<>(stream, batches, span), passes, spec, 10);
  }

  private static Map<String, NDArray> learning(SamClip student) {
    Map<String, NDArray> learning = new LinkedHashMap<>(student.arrays());
    learning.keySet().removeIf(name -> name.startsWith("prompt_encoder."));
    return learning;
  }

  /** Names of the parameters that have a gradient after one backward pass without optimiser. */
  private Set<String> reached(Loss loss, Size size) {
    SamClip student = TinyModels.samClip(manager, 1);
    Map<String, NDArray> learning = learning(student);
    learning.values().forEach(array -> array.setRequiresGradient(true));
    try (Objective objective = objective(loss, student, size);
        Autograd on = Autograd.enabled()) {
      objective.backward(0, on);
    }
    PtNDArray[] all = learning.values().toArray(PtNDArray[]::new);
    boolean[] has;
    try (IValue value = TORCH.run("has_gradient", IValue.listFrom(all))) {
      has = value.toBooleanArray();
    }
    Set<String> names = new TreeSet<>();
    int i = 0;
    for (String name : learning.keySet()) {
      if (has[i++]) {
        names.add(name);
      }
    }
    return names;
  }

  /** Everything decays, so that nothing that is updated can stay by chance. */
  private AdamW optimizer(Map<String, NDArray> learning) {
    AdamW.Group group = new AdamW.Group(learning, 1e-2, .5);
    return new AdamW(new AdamW.Settings(.9, .98, 1e-6), List.of(group), manager);
  }

  private void step(Loss loss, SamClip student, Size size, AdamW optimizer) {
    try (Objective objective = objective(loss, student, size)) {
      new Trainer(List.of(objective), optimizer, new CosineSchedule(0, 10, 1), 1).step(0);
    }
  }

  private static Set<String> changed(Map<String, float[]> before, Map<String, NDArray> after) {
    Set<String> names = new TreeSet<>();
    before.forEach(
        (name, values) -> {
          if (!Arrays.equals(values, after.get(name).toFloatArray())) {
            names.add(name);
          }
        });
    return names;
  }

  private void assertOnlyTheReachedChange(Loss loss, Size size) {
    Set<String> reached = reached(loss, size);
    SamClip student = TinyModels.samClip(manager, 1);
    Map<String, NDArray> learning = learning(student);
    Set<String> expected = new TreeSet<>(learning.keySet());
    expected.removeIf(name -> !name.matches(loss.reached));
    assertEquals(expected, reached, "by torch");
    AdamW optimizer = optimizer(learning);
    Map<String, float[]> before = TinyModels.values(student.arrays());
    step(loss, student, size, optimizer);
    assertEquals(reached, changed(before, student.arrays()));
    Set<String> untouched = new TreeSet<>(learning.keySet());
    untouched.removeAll(reached);
    assertEquals(untouched, Set.copyOf(optimizer.untouched()));
  }

  @ParameterizedTest
  @EnumSource(Loss.class)
  void aStepChangesWhatItsLossReaches(Loss loss) {
    assertOnlyTheReachedChange(loss, Size.SMALL);
  }

  @ParameterizedTest
  @EnumSource(Loss.class)
  void alsoWithABackwardPassOfTheBlocksOwn(Loss loss) {
    assertOnlyTheReachedChange(loss, Size.LARGE);
  }

  /** What an earlier step gave moments to stays where it is when a later one leaves it out. */
  @Test
  void momentsOfWhatIsLeftOutStay() {
    SamClip student = TinyModels.samClip(manager, 1);
    AdamW optimizer = optimizer(learning(student));
    step(Loss.CLIP, student, Size.SMALL, optimizer);
    Map<String, float[]> before = TinyModels.values(student.arrays());
    Map<String, float[]> moments = TinyModels.values(optimizer.state());
    step(Loss.SAM, student, Size.SMALL, optimizer);
    Set<String> changed = changed(before, student.arrays());
    for (String name : learning(student).keySet()) {
      assertEquals(name.matches(Loss.SAM.reached), changed.contains(name), name);
    }
    int heads = 0;
    for (Map.Entry<String, float[]> entry : moments.entrySet()) {
      if (entry.getKey().contains(".clip_head.")) {
        float[] after = optimizer.state().get(entry.getKey()).toFloatArray();
        assertArrayEquals(entry.getValue(), after, entry.getKey());
        heads++;
      }
    }
    assertTrue(heads > 0);
    assertEquals(1, optimizer.state().get("step.clip_head.norm.weight").getFloat());
    assertEquals(2, optimizer.state().get("step.image_encoder.pos_embed").getFloat());
    assertEquals(List.of(), optimizer.untouched());
  }
}
