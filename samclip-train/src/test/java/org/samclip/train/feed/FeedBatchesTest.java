package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.kernel.LibTorch;
import org.samclip.model.VisionModel;
import org.samclip.student.Student;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyModels;
import org.samclip.train.objective.Feeds;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.FeedSpec;

@Timeout(60)
class FeedBatchesTest {

  private static final Viewer STUDENT =
      new Viewer("student", Normalisation.SAM, 8, side -> side, false);
  private static final Viewer TEACHER =
      new Viewer("teacher", Normalisation.CLIP, 8, side -> 16, false);

  /** One resolution a step, the draw of seed and step. */
  @Test
  void aStepSeesOneResolution() {
    FeedSpec spec = new FeedBuilder(8, 32, 64).build();
    AreaScaledBatch sizes = new AreaScaledBatch(8, 32, List.of(32, 64));
    Set<Integer> seen = new HashSet<>();
    try (ReplayStream stream = new InMemorySource(InMemorySource.pictures(20)).stream(1, 1)) {
      FeedBatches batches = FeedBatches.of(spec, stream, List.of(STUDENT, TEACHER), 9);
      for (int step = 0; step < 10; step++) {
        FeedBatch batch = batches.apply(step);
        assertEquals(1, batch.batches().size());
        AreaScaledBatch.Draw draw = sizes.at(9, step);
        assertEquals(draw.resolution(), batch.batches().get(0).student().side());
        assertEquals(draw.batchSize(), batch.images());
        seen.add(draw.resolution());
      }
    }
    assertEquals(Set.of(32, 64), seen);
  }

  /** Each resolution has images of its own; all of them are one batch of the step. */
  @Test
  void aStepSeesAllResolutionsWhereItIsTold() {
    List<Sample> samples = InMemorySource.pictures(20);
    FeedSpec spec = new FeedBuilder(8, 32, 64).all().build();
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 1)) {
      FeedBatches batches = FeedBatches.of(spec, stream, List.of(STUDENT, TEACHER), 9);
      for (int step = 0; step < 4; step++) {
        FeedBatch batch = batches.apply(step);
        assertEquals(
            List.of(32, 64), batch.batches().stream().map(b -> b.student().side()).toList());
        assertEquals(
            List.of(8, 2), batch.batches().stream().map(b -> b.student().count()).toList());
        assertEquals(10, batch.images());
        int teachers =
            batch.batches().stream().mapToInt(b -> b.views().get("teacher").side()).sum();
        assertEquals(2 * 16, teachers);
        assertEquals(3L * (8 * (32 * 32 + 16 * 16) + 2 * (64 * 64 + 16 * 16)), batch.bytes());
        assertEquals(new Position(step / 2, (step % 2 + 1) * 10), batch.after());
      }
    }
  }

  /** The longer side fills the square, for each viewer; there is nothing to point at. */
  @Test
  void paddedImagesNeedNoPrompts() {
    List<Sample> samples = InMemorySource.pictures(20);
    FeedSpec spec = new FeedBuilder(4, 32).padded().build();
    Map<String, Sample> byText = new HashMap<>();
    samples.forEach(sample -> byText.put(sample.text(), sample));
    assertEquals(20, byText.size(), "texts tell the samples");
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 1)) {
      FeedBatches batches = FeedBatches.of(spec, stream, List.of(STUDENT, TEACHER), 9);
      for (int step = 0; step < 5; step++) {
        FeedBatch batch = batches.apply(step);
        ImageBatch images = batch.batches().get(0);
        assertNull(images.prompts());
        assertEquals(0, batch.passedOver());
        long bytes = 0;
        for (int i = 0; i < 4; i++) {
          RgbImage whole = byText.get(images.texts().get(i)).image();
          for (ImageView view : images.views().values()) {
            RgbImage got = view.images().get(i);
            assertEquals(view.side(), Math.max(got.width(), got.height()));
            assertArrayEquals(new SamPreprocess(view.side()).resize(whole).rgb(), got.rgb());
            bytes += got.rgb().length;
          }
        }
        assertEquals(bytes, batch.bytes());
      }
    }
  }

  /** Images without masks are as good as any where nothing is prompted. */
  @Test
  void paddedImagesNeedNoMasks() {
    List<Sample> samples =
        InMemorySource.pictures(4).stream()
            .map(s -> new Sample(s.key(), s.image(), null, List.of()))
            .collect(Collectors.toList());
    FeedSpec spec = new FeedBuilder(4, 32).padded().build();
    try (ReplayStream stream = new InMemorySource(samples).stream(1, 1)) {
      FeedBatch batch = FeedBatches.of(spec, stream, List.of(STUDENT), 9).apply(0);
      assertEquals(4, batch.images());
      assertEquals(0, batch.passedOver());
    }
  }

  /** The tiny student's patch is 8 at 32 px, CLIP's 8 at 16 px. */
  @Test
  void sidesOfTeachers() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      FeedBuilder feed =
          new FeedBuilder(16, 32, 64)
              .objective("clip", "clip_head", "clip.summary")
              .objective("patches", "clip_head.spatial", "clip.spatial");
      assertEquals(
          List.of("student", "clip"),
          Feeds.viewers(feed.build(), student, teachers).stream().map(Viewer::name).toList());
      Map<String, int[]> expected =
          Map.of(
              "own", new int[] {16, 16},
              "same", new int[] {32, 64},
              "grid", new int[] {32, 64},
              "48", new int[] {48, 48},
              "mosaic", new int[] {16, 16});
      expected.forEach(
          (rule, sides) -> {
            FeedSpec spec = feed.sides(Map.of("clip", rule)).build();
            Viewer clip = Feeds.viewers(spec, student, teachers).get(1);
            assertEquals(sides[0], clip.side().applyAsInt(32), rule);
            assertEquals(sides[1], clip.side().applyAsInt(64), rule);
            assertEquals(rule.equals("mosaic"), clip.mosaic());
            assertEquals(rule.equals("mosaic") ? 8 : sides[0], clip.imageSide(32));
            assertEquals(rule.equals("mosaic") ? 4 : 1, clip.images());
            assertEquals(8, clip.patch());
            assertNotEquals(Normalisation.SAM, clip.normalisation());
          });
      feed.sides(Map.of());
      assertEquals(16, side(feed.build(), student, teachers), "a crop at the teacher's own side");
      assertEquals(
          64, side(feed.padded().build(), student, teachers), "a padded image at the same");
    }
  }

  private static int side(FeedSpec spec, Student student, Map<String, VisionModel> teachers) {
    Viewer clip = Feeds.viewers(spec, student, teachers).get(1);
    return clip.side().applyAsInt(64);
  }

  /** As many patches as the student has, whatever both patches are. */
  @Test
  void theGridOfATeacherWithAnotherPatch() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      VisionModel clip = TinyModels.teachers(manager, 2).model("clip");
      assertTrue(clip.input().patch() == student.backbone().patch());
      VisionModel other = TinyModels.clip(manager, 3, 4);
      FeedSpec spec =
          new FeedBuilder(4, 32)
              .objective("clip", "clip_head", "clip.summary")
              .sides(Map.of("clip", "grid"))
              .build();
      Viewer viewer = Feeds.viewers(spec, student, Map.of("clip", other)).get(1);
      assertEquals(16, viewer.side().applyAsInt(32));
      assertEquals(32, viewer.side().applyAsInt(64));
    }
  }
}
