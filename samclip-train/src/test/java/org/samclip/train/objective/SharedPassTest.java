package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.checkpoint.Provenance;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ImageInput;
import org.samclip.model.ImageOutput;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.student.Backbone;
import org.samclip.student.Student;
import org.samclip.train.TinyFeeds;
import org.samclip.train.teacher.Teachers;

/**
 * Several objectives on one feed: one pass of the backbone and one question to each teacher give
 * what separate steps add up to, however the batch is cut.
 */
@Timeout(120)
class SharedPassTest {

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam}, words: {kind: mlp, to: clip.summary, hidden: 8, pre_norm: false},"
          + " dense: {kind: linear, output: spatial, to: vit.spatial},"
          + " whole: {kind: linear, to: vit.summary},"
          + " rungs: {kind: ladder, output: spatial, to: fine.spatial, blocks: [0, 1],"
          + " hidden: 6, last_hidden: 8}}";

  /** Two of them stand on one head, three ask one teacher. */
  private static final Map<String, String> OBJECTIVES = new LinkedHashMap<>();

  static {
    OBJECTIVES.put(
        "sam", "{head: masks, teacher: sam.masks, weight: 10, loss: {focal: 20, dice: 1, iou: 1}}");
    OBJECTIVES.put("clip", "{head: words, teacher: clip.summary, weight: 0.5, loss: {cosine: 1}}");
    OBJECTIVES.put(
        "patches",
        "{head: dense, teacher: vit.spatial, weight: 2, loss: {smooth_l1: 1, gram: 0.5}}");
    OBJECTIVES.put("again", "{head: dense, teacher: fine.spatial, loss: {l1: 0.3}}");
    OBJECTIVES.put("summary", "{head: whole, teacher: vit.summary, loss: {mse: 1, angle: 2}}");
    OBJECTIVES.put("fine", "{head: rungs, teacher: fine.spatial, loss: {cosine: 1}}");
  }

  private NDManager manager;
  private final Map<String, Counted> counted = new LinkedHashMap<>();
  private Teachers teachers;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyFeeds.teachers(manager);
    teachers.models().forEach((name, model) -> counted.put(name, new Counted(model)));
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  /** A teacher that counts how often it is asked, and for what. */
  private static final class Counted implements VisionModel {
    final List<Set<String>> asked = new ArrayList<>();
    private final VisionModel model;

    Counted(VisionModel model) {
      this.model = model;
    }

    @Override
    public Map<String, NDArray> forward(NDArray images, Set<String> names) {
      asked.add(Set.copyOf(names));
      return model.forward(images, names);
    }

    @Override
    public Record sizes() {
      return model.sizes();
    }

    @Override
    public ImageInput input() {
      return model.input();
    }

    @Override
    public Map<String, ImageOutput> outputs() {
      return model.outputs();
    }

    @Override
    public <C> Optional<C> as(Class<C> capability) {
      return model.as(capability);
    }

    @Override
    public Block imageBlock() {
      return model.imageBlock();
    }

    @Override
    public Map<String, Module> modules() {
      return model.modules();
    }

    @Override
    public Optional<Provenance> provenance() {
      return model.provenance();
    }
  }

  /** Words of a feed with all objectives or one. */
  private static String words(String keys, String... names) {
    Set<String> wanted = names.length == 0 ? OBJECTIVES.keySet() : Set.of(names);
    String objectives =
        OBJECTIVES.entrySet().stream()
            .filter(entry -> wanted.contains(entry.getKey()))
            .map(entry -> entry.getKey() + ": " + entry.getValue())
            .collect(Collectors.joining(", "));
    return "{f: {data: masks, batch_size: 4, base_resolution: 32, prompts: {per_image: 3},"
        + " sides: {clip: own, vit: own, fine: own}, "
        + keys
        + ", objectives: {"
        + objectives
        + "}}}";
  }

  private TinyFeeds tiny(String backbone, String keys, String... names) {
    return TinyFeeds.of(manager, teachers, backbone, HEADS, words(keys, names));
  }

  private StepGradients step(String backbone, String keys, String... names) {
    TinyFeeds tiny = tiny(backbone, keys, names);
    return StepGradients.of(manager, tiny.student(), tiny.open("f", manager));
  }

  @ParameterizedTest
  @ValueSource(strings = {TinyFeeds.VIT_DET, TinyFeeds.PLAIN})
  void oneStepIsTheSumOfStepsOfEachObjective(String backbone) {
    StepGradients all = step(backbone, "resolutions: [32]");
    StepGradients sum = null;
    for (String name : OBJECTIVES.keySet()) {
      StepGradients alone = step(backbone, "resolutions: [32]", name);
      assertTrue(alone.largest() > 1e-5, name);
      assertEquals(alone.loss(name), all.loss(name), 1e-5 * alone.loss(name), name);
      sum = sum == null ? alone : sum.plus(alone);
    }
    sum.assertEqual(all);
    assertEquals(4, all.report().images());
  }

  @ParameterizedTest
  @ValueSource(strings = {TinyFeeds.VIT_DET, TinyFeeds.PLAIN})
  void eachPartTakesOnePassAndOneQuestionToEachTeacher(String backbone)
      throws ReflectiveOperationException {
    TinyFeeds plain = tiny(backbone, "resolutions: [32], micro_batch: 2");
    TinyFeeds tiny =
        new TinyFeeds(
            plain.recipe(), TinyFeeds.teachers(new LinkedHashMap<>(counted)), plain.student());
    AtomicInteger passes = countPasses(tiny.student());
    StepGradients.of(manager, tiny.student(), tiny.open("f", manager));
    assertEquals(2, passes.get());
    assertEquals(List.of(Set.of("spatial"), Set.of("spatial")), counted.get("sam").asked);
    assertEquals(List.of(Set.of("summary"), Set.of("summary")), counted.get("clip").asked);
    Set<String> both = Set.of("summary", "spatial");
    assertEquals(List.of(both, both), counted.get("vit").asked);
    assertEquals(List.of(Set.of("spatial"), Set.of("spatial")), counted.get("fine").asked);
  }

  /** Puts a backbone in front of the student's that counts its passes. */
  private static AtomicInteger countPasses(Student student) throws ReflectiveOperationException {
    AtomicInteger passes = new AtomicInteger();
    Backbone own = student.backbone();
    Backbone counting =
        (Backbone)
            Proxy.newProxyInstance(
                SharedPassTest.class.getClassLoader(),
                new Class<?>[] {Backbone.class},
                (proxy, method, arguments) -> {
                  if (Set.of("pass", "features", "output").contains(method.getName())) {
                    passes.incrementAndGet();
                  }
                  try {
                    return method.invoke(own, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    Field field = Student.class.getDeclaredField("backbone");
    field.setAccessible(true);
    field.set(student, counting);
    return passes;
  }

  /** With {@code draw: all} each part belongs to one of the resolutions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "resolutions: [32]",
        "resolutions: [32], drop_teachers: 0.5",
        "resolutions: [32, 16, 48], draw: all",
        "resolutions: [32, 16], draw: all, drop_teachers: 0.7"
      })
  void partsAddUpToTheBatch(String keys) {
    StepGradients whole = step(TinyFeeds.PLAIN, keys);
    for (int micro : new int[] {1, 3}) {
      StepGradients parts = step(TinyFeeds.PLAIN, keys + ", micro_batch: " + micro);
      whole.assertEqual(parts);
      whole
          .report()
          .losses()
          .forEach((name, loss) -> assertEquals(loss, parts.loss(name), 1e-4 * loss, name));
    }
    // 4 images of 32 px, 16 of 16 px and 2 of 48 px have the same area, nearly.
    int images = !keys.contains("all") ? 4 : keys.contains("48") ? 4 + 16 + 2 : 4 + 16;
    assertEquals(images, whole.report().images());
  }

  /** Each image's losses alone, in the order of the feed. */
  private Map<String, double[]> alone() {
    TinyFeeds tiny =
        TinyFeeds.of(
            manager,
            teachers,
            TinyFeeds.PLAIN,
            HEADS,
            words("resolutions: [32]").replace("batch_size: 4", "batch_size: 1"));
    Map<String, double[]> losses = new LinkedHashMap<>();
    try (StudentFeed feed = tiny.open("f", manager)) {
      for (int i = 0; i < 4; i++) {
        int at = i;
        feed.measure()
            .losses()
            .get()
            .forEach((name, loss) -> losses.computeIfAbsent(name, n -> new double[4])[at] = loss);
      }
    }
    return losses;
  }

  /** Each image's weighted losses by teacher. */
  private static Map<String, double[]> byTeacher(Map<String, double[]> alone) {
    Map<String, double[]> all = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      all.computeIfAbsent("clip", n -> new double[4])[i] = .5 * alone.get("clip")[i];
      all.computeIfAbsent("vit", n -> new double[4])[i] =
          2 * alone.get("patches")[i] + alone.get("summary")[i];
      all.computeIfAbsent("fine", n -> new double[4])[i] =
          alone.get("again")[i] + alone.get("fine")[i];
    }
    return all;
  }

  private static final Map<String, String> TEACHER =
      Map.of("clip", "clip", "patches", "vit", "summary", "vit", "again", "fine", "fine", "fine");

  /** With certainty all but the worst teacher go: losses from those of single images. */
  @Test
  void withTheDropAnImageCountsForItsWorstTeacherOnly() {
    Map<String, double[]> alone = alone();
    Map<String, double[]> teacher = byTeacher(alone);
    StepGradients dropped = step(TinyFeeds.PLAIN, "resolutions: [32], drop_teachers: 1");
    TEACHER.forEach(
        (objective, name) -> {
          double expected = 0;
          for (int i = 0; i < 4; i++) {
            int at = i;
            boolean worst =
                teacher.values().stream().allMatch(other -> other[at] <= teacher.get(name)[at]);
            expected += worst ? alone.get(objective)[i] / 4 : 0;
          }
          assertEquals(expected, dropped.loss(objective), 1e-5, objective);
        });
    double sam = 0;
    for (double loss : alone.get("sam")) {
      sam += loss / 4;
    }
    assertEquals(sam, dropped.loss("sam"), 1e-4 * sam, "masks are no features");
  }

  @Test
  void whatIsDrawnToGoGoes() {
    Map<String, double[]> alone = alone();
    Map<String, long[]> kept = new TeacherDrop(.6, TinyFeeds.SEED).kept(byTeacher(alone), 0, 0);
    StepGradients dropped = step(TinyFeeds.PLAIN, "resolutions: [32], drop_teachers: 0.6");
    TEACHER.forEach(
        (objective, name) -> {
          double expected = 0;
          for (long i : kept.get(name)) {
            expected += alone.get(objective)[(int) i] / 4;
          }
          assertEquals(expected, dropped.loss(objective), 1e-5, objective);
        });
  }

  /** A look at held-out images asks all teachers. */
  @Test
  void aValidationDropsNothing() {
    Map<String, double[]> alone = alone();
    TinyFeeds tiny = tiny(TinyFeeds.PLAIN, "resolutions: [32], drop_teachers: 1");
    try (StudentFeed feed = tiny.open("f", manager)) {
      Map<String, Double> losses = feed.measure().losses().get();
      TEACHER
          .keySet()
          .forEach(
              name -> {
                double mean = 0;
                for (double loss : alone.get(name)) {
                  mean += loss / 4;
                }
                assertEquals(mean, losses.get(name), 1e-5, name);
              });
    }
  }

  /** The gradient is that of the loss over its running mean; the loss is told as it is. */
  @Test
  void balancedLossesAreDividedByTheirRunningMean() {
    String plain =
        "{f: {data: images, batch_size: 4, resolutions: [32],"
            + " objectives: {summary: {head: whole, teacher: vit.summary, loss: {mse: 1}}}}}";
    String words = plain.replace("{mse: 1}", "{mse: 1}, balance: 0.9, weight: 2");
    TinyFeeds tiny = TinyFeeds.of(manager, teachers, TinyFeeds.PLAIN, HEADS, plain);
    StepGradients raw = StepGradients.of(manager, tiny.student(), tiny.open("f", manager));
    TinyFeeds balanced = tiny.with(TinyFeeds.PLAIN, HEADS, words);
    Passes passes = new Passes(manager, false, Optional.empty());
    StudentFeed later = balanced.open("f", passes, Map.of("summary", .25));
    StepGradients got = StepGradients.of(manager, tiny.student(), later);
    raw.times(2 / .25f).assertEqual(got);
    assertEquals(raw.loss("summary"), got.loss("summary"), 1e-6);
    assertEquals(.9 * .25 + .1 * raw.loss("summary"), later.means().get("summary"), 1e-6);
    try (StudentFeed first = balanced.open("f", manager)) {
      assertEquals(raw.loss("summary"), first.measure().losses().get().get("summary"), 1e-6);
      assertEquals(Map.of(), first.means(), "a look teaches nothing");
      try (Autograd on = Autograd.enabled()) {
        double loss = first.backward(0, on).losses().get().get("summary");
        assertEquals(loss, first.means().get("summary"), "the first loss is the mean");
      }
    }
  }
}
