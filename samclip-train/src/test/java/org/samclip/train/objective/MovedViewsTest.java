package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.UserError;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.Mosaic;
import org.samclip.data.transform.Shift;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.VisionModel;
import org.samclip.student.Student;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.Span;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.teacher.Teacher;
import org.samclip.train.teacher.Teachers;

/** Losses over views that were moved by patches, or of which a teacher sees four as one. */
@Timeout(60)
class MovedViewsTest {

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private Student student;

  @BeforeEach
  void make() {
    student = TinyModels.student(manager, 1);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Teachers teachers(int patch) {
    return new Teachers(
        Map.of("clip", new Teacher("clip", TinyModels.clip(manager, 2, patch), "", null)));
  }

  private static FeedBuilder patches(int batch, int side) {
    return new FeedBuilder(batch, side).objective("patches", "clip_head.spatial", "clip.spatial");
  }

  private FeedBatch batch(FeedSpec spec, Teachers teachers, int step) {
    try (ReplayStream stream = new InMemorySource(InMemorySource.pictures(20)).stream(1, 1)) {
      return FeedBatches.of(spec, stream, Feeds.viewers(spec, student, teachers.models()), 4)
          .apply(step);
    }
  }

  private double loss(FeedSpec spec, Teachers teachers, FeedBatch batch) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(20)).stream(1, 1);
    Feed feed = new Feed("images", stream, any -> batch, new Span(0, 1));
    Passes passes = new Passes(manager, false, Optional.empty());
    try (StudentFeed own = Feeds.of(feed, spec, student, teachers, passes, 1, Map.of())) {
      return own.measure().losses().get().get("patches");
    }
  }

  /** Features [B, D, h, w] as numbers. */
  private record Maps(float[] values, int images, int depth, int height, int width) {

    static Maps of(NDArray array) {
      long[] s = array.getShape().getShape();
      return new Maps(array.toFloatArray(), (int) s[0], (int) s[1], (int) s[2], (int) s[3]);
    }

    double[] at(int image, int x, int y) {
      double[] feature = new double[depth];
      for (int d = 0; d < depth; d++) {
        feature[d] = values[((image * depth + d) * height + y) * width + x];
      }
      return feature;
    }
  }

  private static double cosineDistance(double[] a, double[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return 1 - dot / Math.sqrt(aa * bb);
  }

  private Maps ofStudent(ImageBatch images) {
    try (Autograd off = Autograd.disabled()) {
      NDArray view = images.student().toArray(manager);
      Map<String, Set<String>> wanted = Map.of("clip_head", Set.of("spatial"));
      return Maps.of(student.forward(view, wanted).get("clip_head").get("spatial"));
    }
  }

  private Maps ofTeacher(ImageBatch images, Teachers teachers) {
    try (Autograd off = Autograd.disabled()) {
      NDArray view = images.views().get("clip").toArray(manager);
      VisionModel clip = teachers.model("clip");
      return Maps.of(clip.forward(view, Set.of("spatial")).get("spatial"));
    }
  }

  /** Every patch of the picture that both see, found by going through all of it. */
  @Test
  void onlyPatchesThatBothSeeAreCompared() {
    Teachers teachers = teachers(8);
    FeedSpec spec = patches(4, 32).shift(1).sides(Map.of("clip", "grid")).build();
    int moved = 0;
    for (int step = 0; step < 6; step++) {
      FeedBatch batch = batch(spec, teachers, step);
      ImageBatch images = batch.batches().get(0);
      Shift one = images.shifts().of("student");
      Shift two = images.shifts().of("clip");
      Maps seen = ofStudent(images);
      Maps asked = ofTeacher(images, teachers);
      double sum = 0;
      int pairs = 0;
      for (int y = -1; y < 5; y++) {
        for (int x = -1; x < 5; x++) {
          int[] at = {x + one.dx(), y + one.dy(), x + two.dx(), y + two.dy()};
          boolean both = true;
          for (int place : at) {
            both &= place >= 0 && place < 4;
          }
          for (int i = 0; both && i < 4; i++) {
            sum += cosineDistance(seen.at(i, at[0], at[1]), asked.at(i, at[2], at[3]));
            pairs++;
          }
        }
      }
      moved += one.equals(two) ? 0 : 1;
      assertEquals(sum / pairs, loss(spec, teachers, batch), 1e-5, one + " and " + two);
    }
    assertTrue(moved > 2, "of 6 steps");
  }

  /** In two passes of one mosaic each. */
  @Test
  void aMapOfFourImagesIsTakenApart() {
    Teachers teachers = teachers(4);
    FeedSpec spec = patches(8, 16).microBatch(4).sides(Map.of("clip", "mosaic")).build();
    FeedBatch batch = batch(spec, teachers, 0);
    Maps seen = ofStudent(batch.batches().get(0));
    Maps asked = ofTeacher(batch.batches().get(0), teachers);
    assertEquals(2, asked.images());
    assertEquals(4, asked.width());
    double sum = 0;
    for (int image = 0; image < 8; image++) {
      int[] cells = Mosaic.cells(image % 4, 4);
      for (int i = 0; i < 4; i++) {
        double[] target = asked.at(image / 4, cells[i] % 4, cells[i] / 4);
        sum += cosineDistance(seen.at(image, i % 2, i / 2), target);
      }
    }
    assertEquals(sum / 32, loss(spec, teachers, batch), 1e-5);
    // Cut otherwise, it is another loss.
    FeedSpec alone = patches(8, 16).sides(Map.of("clip", "8")).build();
    assertNotEquals(sum / 32, loss(alone, teachers, batch(alone, teachers, 0)), 1e-4);
  }

  private String refused(FeedBuilder feed, Teachers teachers) {
    StageSpec like =
        RecipeReader.read(java.nio.file.Path.of("..", "configs", "quickstart.yaml"), List.of())
            .stages()
            .get(0);
    Map<String, FeedSpec> feeds = new LinkedHashMap<>();
    feeds.put("images", feed.build());
    StageSpec stage =
        new StageSpec(
            "one",
            like.start(),
            like.duration(),
            null,
            feeds,
            like.optimizer(),
            like.groups(),
            null,
            null,
            false,
            false);
    ObjectiveCheck check = new ObjectiveCheck(student, teachers.models());
    return assertThrows(UserError.class, () -> check.require("stages.one", stage)).getMessage();
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    Teachers eight = teachers(8);
    String grids = refused(patches(4, 32).shift(1), eight);
    assertTrue(grids.contains("2 patches a side where the student has 4"), grids);
    assertTrue(grids.contains(".sides.clip' is absent"), grids);
    assertTrue(grids.contains("allowed: grid"), grids);
    String far = refused(patches(4, 32).shift(2).sides(Map.of("clip", "grid")), eight);
    assertTrue(far.contains("2 at 4 patches a side"), far);
    FeedBuilder summary =
        new FeedBuilder(4, 32)
            .objective("clip", "clip_head", "clip.summary")
            .sides(Map.of("clip", "mosaic"));
    String four = refused(summary, eight);
    assertTrue(four.contains("one for the four images of a mosaic"), four);
    // Half of 16 px is no multiple of 16.
    String half = refused(patches(4, 32).sides(Map.of("clip", "mosaic")), teachers(16));
    assertTrue(half.contains("is 'mosaic', so that clip sees 8 px"), half);
    assertTrue(half.contains("a multiple of the patch of clip, 16 px"), half);
  }
}
