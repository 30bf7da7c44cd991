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
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.kernel.TorchScript;
import org.samclip.student.Student;
import org.samclip.train.TinyFeeds;
import org.samclip.train.TinyModels;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.teacher.Teachers;

/**
 * A step changes exactly the parameters that torch has a gradient for. The reference is torch's own
 * word, {@code p.grad is not None}, for parameters that no optimiser has touched.
 */
@Timeout(120)
class UpdatedParametersTest {

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam},"
          + " clip_head: {kind: clip-head, to: clip.summary, layers: 1}}";

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
  private Teachers teachers;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyModels.teachers(manager, 2);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private StudentFeed feed(Loss loss, Student student, Size size) {
    String words =
        switch (loss) {
          case CLIP ->
              "data: images, crop: [0.8, 1], objectives: {clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}}";
          case SAM -> masks("{focal: 20, dice: 1, iou: 1}");
          case SAM_WITHOUT_IOU -> masks("{focal: 20, dice: 1}");
          case SAM_IOU_ALONE -> masks("{focal: 0, iou: 1}");
        };
    String feeds = "{f: {batch_size: 2, resolutions: [%d], %s}}".formatted(size.side, words);
    return TinyFeeds.of(teachers, student, TinyFeeds.VIT_DET, HEADS, feeds).open("f", manager);
  }

  private static String masks(String loss) {
    return "data: masks, prompts: {per_image: 3},"
        + " objectives: {sam: {head: masks, teacher: sam.masks, weight: 10, loss: "
        + loss
        + "}}";
  }

  private static Map<String, NDArray> learning(Student student) {
    Map<String, NDArray> learning = new LinkedHashMap<>(student.arrays());
    learning.keySet().removeIf(name -> name.startsWith("prompt_encoder."));
    return learning;
  }

  /** Names of the parameters that have a gradient after one backward pass without optimiser. */
  private Set<String> reached(Loss loss, Size size) {
    Student student = TinyModels.student(manager, 1);
    Map<String, NDArray> learning = learning(student);
    learning.values().forEach(array -> array.setRequiresGradient(true));
    try (StudentFeed feed = feed(loss, student, size);
        Autograd on = Autograd.enabled()) {
      feed.backward(0, on);
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

  private void step(Loss loss, Student student, Size size, AdamW optimizer) {
    try (StudentFeed feed = feed(loss, student, size)) {
      new Trainer(List.of(feed), optimizer, new CosineSchedule(0, 10, 1), 1).step(0);
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
    Student student = TinyModels.student(manager, 1);
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
    Student student = TinyModels.student(manager, 1);
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
