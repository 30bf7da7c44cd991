package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.DataLimits;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.RatioScores;
import org.samclip.eval.protocol.DataKind;
import org.samclip.kernel.LibTorch;
import org.samclip.student.MergedModel;
import org.samclip.train.TinyMerge;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.recipe.EvaluationSpec.SetsSpec;
import org.samclip.train.recipe.EvaluationSpec.Split;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.teacher.Teachers;

/** Which columns a model gets, and that a student which is its teacher keeps all of it. */
class EvaluationTest {

  private static final int HELD_OUT = 3;

  @TempDir static Path shared;
  private static NDManager manager;
  private static Recipe recipe;
  private static Teachers teachers;
  private static SetsSpec sets;
  private static MergedModel student;

  @BeforeAll
  static void prepare() throws IOException {
    manager = LibTorch.newManager(LibTorch.device("cpu"));
    recipe =
        TinyMerge.in(shared)
            .recipe(
                "evaluation.protocols.classify.resolutions=[32, 64]",
                "evaluation.protocols.semantic.resolutions=[32, 48]",
                "evaluation.protocols.instance.resolutions=[64, 32]",
                "evaluation.protocols.looks={protocol: knn, teacher: clip, resolutions: [32], k: 5}");
    DataFiles data = new DataFiles(recipe.data(), shared.resolve("bad.tsv"), shared);
    data.prepare((scenes, done, total) -> {});
    teachers = Teachers.load(recipe.teachers(), manager);
    SetsSpec own = data.sets(recipe.evaluation(), Split.TEST);
    List<String> classes = new ClassFolders(Path.of(own.classes()), DataLimits.DEFAULT).classes();
    Path heldOut =
        Files.writeString(
            shared.resolve("heldout.txt"), String.join("\n", classes.subList(0, HELD_OUT)));
    sets =
        new SetsSpec(
            own.classes(),
            own.classesTrain(),
            own.semantic(),
            own.instances(),
            own.images(),
            heldOut.toString());
    student = new Students(recipe, teachers, data, Map.of()).base(manager, recipe.student());
  }

  @AfterAll
  static void close() {
    manager.close();
  }

  private static Evaluation evaluation(SetsSpec of) {
    return new Evaluation(recipe.evaluation(), of, recipe.data().maxPixels(), teachers.models());
  }

  @Test
  void everyModelHasItsColumnsAtEveryResolution() {
    Evaluation evaluation = evaluation(sets);
    Map<String, ImageScores> sam = evaluation.teacher("sam");
    Map<String, ImageScores> clip = evaluation.teacher("clip");
    Map<String, ImageScores> row = evaluation.student(student);

    Set<String> masks = columns("", "_32", "point_miou", "box_miou", "stability");
    assertEquals(masks, new TreeSet<>(sam.keySet()));
    Set<String> dense =
        columns("", "_48", "semantic_miou", "semantic_fg_miou", "heldout_semantic_miou");
    // The CLIP teacher is measured at its own side only.
    Set<String> ofClip =
        Set.of(
            "semantic_miou",
            "semantic_fg_miou",
            "heldout_semantic_miou",
            "zeroshot_top1",
            "heldout_top1",
            "looks_knn_top1");
    assertEquals(new TreeSet<>(ofClip), new TreeSet<>(clip.keySet()));
    Set<String> all = new TreeSet<>(dense);
    all.addAll(masks);
    all.addAll(columns("", "_32", "teacher_iou", "logit_ratio"));
    all.addAll(columns("", "_64", "zeroshot_top1", "heldout_top1", "clip_cosine"));
    all.addAll(List.of("composed_miou", "composed_fg_miou", "heldout_composed_miou"));
    all.add("looks_knn_top1");
    assertEquals(all, new TreeSet<>(row.keySet()));

    // Before any training the backbone and the SAM head are the teacher's.
    for (String side : List.of("", "_32")) {
      assertEquals(1, row.get("teacher_iou" + side).value());
      assertEquals(1, row.get("logit_ratio" + side).value());
      assertEquals(sam.get("stability" + side).value(), row.get("stability" + side).value());
      assertEquals(2 * row.get("box_miou" + side).count(), row.get("teacher_iou" + side).count());
    }
    assertTrue(row.get("clip_cosine").value() < .9, "the CLIP head is random");
    // A comparison of both teachers' skills needs the same images.
    assertEquals(0, Bootstrap.difference(row.get("point_miou"), sam.get("point_miou")).half());
    Bootstrap.difference(row.get("heldout_top1"), clip.get("heldout_top1"));
  }

  private static Set<String> columns(String first, String further, String... metrics) {
    Set<String> columns = new TreeSet<>();
    for (String metric : metrics) {
      columns.add(metric + first);
      columns.add(metric + further);
    }
    return columns;
  }

  @Test
  void heldOutClassesAreSplitOff() {
    Map<String, ImageScores> whole =
        evaluation(
                new SetsSpec(
                    sets.classes(), null, sets.semantic(), sets.instances(), sets.images(), null))
            .teacher("clip");
    Map<String, ImageScores> split = evaluation(sets).teacher("clip");
    assertFalse(whole.containsKey("heldout_top1"));
    List<String> images = new ArrayList<>(split.get("zeroshot_top1").images());
    images.addAll(split.get("heldout_top1").images());
    assertEquals(new TreeSet<>(whole.get("zeroshot_top1").images()), new TreeSet<>(images));
    RatioScores shown = (RatioScores) split.get("zeroshot_top1");
    RatioScores heldOut = (RatioScores) split.get("heldout_top1");
    assertEquals(
        whole.get("zeroshot_top1").value(),
        (shown.value() * shown.count() + heldOut.value() * heldOut.count()) / images.size(),
        1e-12);
    // Held-out classes count in the mean over all, too.
    assertEquals(whole.get("semantic_miou").value(), split.get("semantic_miou").value());
    ClassScores dense = (ClassScores) split.get("heldout_semantic_miou");
    assertEquals(
        whole.get("semantic_miou").images(), dense.images(), "the images stay, for the pairs");
    assertTrue(
        dense.pixels().stream().flatMap(List::stream).mapToInt(p -> p.label()).distinct().count()
            <= HELD_OUT);
  }

  /** As in a run that was resumed, where the teachers' rows are not measured again. */
  @Test
  void aStudentAloneIsComparedWithTheTeachersAllTheSame() {
    Evaluation evaluation = evaluation(sets);
    assertEquals(1, evaluation.student(student).get("teacher_iou").value());
  }

  @Test
  void whatNeedsAnAbsentSetIsLeftOutAndTold() {
    SetsSpec some = new SetsSpec(sets.classes(), null, null, null, null, null);
    Evaluation evaluation = evaluation(some);
    assertEquals(
        Set.of(DataKind.CLASSES_TRAIN, DataKind.SEMANTIC, DataKind.INSTANCES),
        evaluation.missing());
    assertEquals(
        Set.of("clip_cosine", "zeroshot_top1", "clip_cosine_64", "zeroshot_top1_64"),
        evaluation.student(student).keySet());
    assertEquals(Map.of(), evaluation.teacher("sam"));
  }

  /** Looks at a model in training are cheap. */
  @Test
  void aLookMeasuresEachHeadAtItsFirstResolution() {
    Set<String> columns =
        new Evaluation(
                recipe.evaluation().look(4), sets, recipe.data().maxPixels(), teachers.models())
            .student(student)
            .keySet();
    assertTrue(columns.contains("point_miou"), columns::toString);
    assertTrue(columns.stream().noneMatch(name -> name.contains("composed")), columns::toString);
    assertTrue(columns.stream().noneMatch(name -> name.endsWith("_32")), columns::toString);
  }

  @Test
  void aHeldOutNameThatIsNoClassIsRefused() throws IOException {
    Path file = Files.writeString(shared.resolve("wrong.txt"), "unicorn\n");
    SetsSpec wrong = new SetsSpec(sets.classes(), null, null, null, null, file.toString());
    UserError error = assertThrows(UserError.class, () -> evaluation(wrong));
    assertTrue(error.getMessage().contains("unicorn"), error.getMessage());
  }
}
