package org.samclip.train.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.RgbImage;
import org.samclip.model.ClipModel;
import org.samclip.model.Preset;
import org.samclip.model.SamModel;
import org.samclip.model.VisionModel;
import org.samclip.sam.Sam;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.HeadConfig;
import org.samclip.student.MaskDecoderConfig;
import org.samclip.student.Student;
import org.samclip.student.StudentConfig;
import org.samclip.student.VitDetBackboneConfig;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.OwnProcess;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.feed.Viewer;
import org.samclip.train.objective.Feeds;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.PromptsSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.StageSpec;

/** What the heap holds while a step of the paper's size is trained, and what is said beforehand. */
class HeapNeedTest {

  private static final Path CONFIGS = Path.of("..", "configs");
  private static final long MEGABYTE = 1_000_000;

  private static Recipe paper(String... overrides) {
    return RecipeReader.read(CONFIGS.resolve("sam-clip-vit-b.yaml"), List.of(overrides));
  }

  /** The paper's models, of which only the inputs are needed: none has memory. */
  private record Models(Student student, Map<String, VisionModel> teachers) {

    static Models paper() {
      Map<String, HeadConfig> heads = new LinkedHashMap<>();
      heads.put("masks", new MaskDecoderConfig(Preset.VIT_B.samHead()));
      heads.put("clip_head", new ClipHeadConfig(3, ClipHeadConfig.Pool.MAX, 768, 1));
      VitDetBackboneConfig backbone = new VitDetBackboneConfig(Preset.VIT_B.encoder());
      return new Models(
          new Student(new StudentConfig(backbone, heads)),
          Map.of("sam", sam(Preset.VIT_B), "clip", clip(224, 14)));
    }

    static SamModel sam(Preset preset) {
      SamModel.Sizes sizes = new SamModel.Sizes(preset.encoder(), preset.samHead());
      return new SamModel(new Sam(sizes.encoder(), sizes.samHead()), sizes, Optional.empty());
    }

    /** Its tower is small, which no heap shows. */
    static ClipModel clip(int side, int patch) {
      ClipConfig config =
          new ClipConfig(
              768,
              false,
              new ClipConfig.Vision(side, patch, 16, 1, 1, 1),
              new ClipConfig.Text(5, 9, 12, 1, 1, 1));
      return new ClipModel(new Clip(config), TinyModels.tokenizer(), Optional.empty());
    }
  }

  private static final Models PAPER = Models.paper();

  private static HeapNeed need(Recipe recipe, int stage) {
    return HeapNeed.of(
        recipe.stages().get(stage), PAPER.student(), PAPER.teachers(), recipe.data());
  }

  /** A stage of a few feeds, whatever trains in it. */
  private static HeapNeed need(FeedSpec... feeds) {
    StageSpec like = paper().stages().get(0);
    Map<String, FeedSpec> byName = new LinkedHashMap<>();
    for (FeedSpec feed : feeds) {
      byName.put("feed" + byName.size(), feed);
    }
    StageSpec stage =
        new StageSpec(
            like.name(),
            like.start(),
            like.duration(),
            like.scheduleDuration(),
            byName,
            like.optimizer(),
            like.groups(),
            null,
            null,
            false,
            false);
    return HeapNeed.of(stage, PAPER.student(), PAPER.teachers(), paper().data());
  }

  /**
   * Makes batches of 2048 images at 224 px and 512 at 448 px as training does: one in work, and the
   * next one made ahead. Prints the most bytes that were reachable once a next one waited.
   */
  static final class Probe {

    private static final int STEPS = 4; // by the seed at 448, 224, 448 and 448 px

    private Probe() {}

    public static void main(String[] arguments) throws InterruptedException {
      FeedSpec source = paper().stages().get(0).epochFeed();
      List<Viewer> viewers = Feeds.viewers(source, PAPER.student(), PAPER.teachers());
      Runtime java = Runtime.getRuntime();
      long most = 0;
      Set<Integer> sides = new HashSet<>();
      try (ReplayStream stream = new InMemorySource(InMemorySource.pictures(50)).stream(1, 2)) {
        FeedBatches batches = FeedBatches.of(source, stream, viewers, 3);
        AtomicLong made = new AtomicLong();
        try (Prefetch<FeedBatch> prefetch =
            new Prefetch<>(
                "batches",
                step -> {
                  try {
                    return batches.apply(step);
                  } finally {
                    made.set(step);
                  }
                },
                0,
                STEPS)) {
          for (int step = 0; step < STEPS - 1; step++) {
            FeedBatch inWork = prefetch.next();
            ImageView student = inWork.batches().get(0).student();
            sides.add(student.side());
            while (made.get() == step) {
              Thread.sleep(20);
            }
            System.gc();
            most = Math.max(most, java.totalMemory() - java.freeMemory());
            if (student.count() != source.batches().batchFor(student.side())) {
              throw new IllegalStateException("a batch of " + student.count());
            }
          }
        }
      }
      if (!sides.equals(Set.copyOf(source.resolutions()))) {
        throw new IllegalStateException("only " + sides + " px was seen");
      }
      System.out.println(most);
    }
  }

  /** With a gigabyte in all, and with the launcher's regions. */
  @Test
  @Timeout(600) // minutes where the machine does much else
  void aBatchOf2048ImagesTakesLessThanAGigabyte(@TempDir Path folder) throws Exception {
    List<String> options = List.of("-Xmx1g", "-XX:+UseG1GC", "-XX:G1HeapRegionSize=8m");
    long used = Long.parseLong(OwnProcess.lastLine(folder, options, Probe.class));
    long certain = need(paper(), 0).batches();
    assertTrue(used < 1000 * MEGABYTE, "used " + used);
    assertTrue(certain < 1000 * MEGABYTE, "needs " + certain);
    assertTrue(used > .6 * certain && used < certain + 128 * MEGABYTE, used + " of " + certain);
  }

  /** Bytes of RGB: one in work and one made ahead; a small one may wait beside. */
  @Test
  void batchesFollowFromSizes() {
    long at224 = 2048 * 3L * 224 * 224;
    long at448 = 512 * 3L * (448 * 448 + 224 * 224);
    assertTrue(at224 > Prefetch.LARGE);
    assertEquals(2 * at448, need(paper(), 0).batches());
    long sam = 32 * 3L * 1024 * 1024;
    assertTrue(sam < Prefetch.LARGE);
    assertEquals(2 * at448 + 3 * sam, need(paper(), 1).batches());
  }

  /** What is counted beforehand is what a batch then says of itself. */
  @ParameterizedTest
  @ValueSource(strings = {"own", "same", "grid", "mosaic", "shift", "all", "pad"})
  void batchesSayOfThemselvesWhatWasCounted(String how) {
    FeedBuilder feed =
        new FeedBuilder(16, 32, 64)
            .objective("clip", "clip_head.spatial", "clip.spatial")
            .objective("sam", "clip_head", "sam.spatial");
    switch (how) {
      case "shift" -> feed.shift(1).sides(Map.of("clip", "28", "sam", "32"));
      case "all" -> feed.all();
      case "pad" -> feed.padded().sides(Map.of("clip", "28"));
      default -> feed.sides(Map.of("clip", how, "sam", "48"));
    }
    FeedSpec spec = feed.build();
    List<Viewer> viewers = Feeds.viewers(spec, PAPER.student(), PAPER.teachers());
    assertEquals(3, viewers.size());
    long[] bytes = new long[2];
    try (ReplayStream stream = squares().stream(1, 1)) {
      FeedBatches batches = FeedBatches.of(spec, stream, viewers, 3);
      for (int step = 0; step < 12; step++) {
        FeedBatch batch = batches.apply(step);
        int side = batch.batches().get(0).student().side();
        bytes[side == 32 ? 0 : 1] = batch.bytes();
      }
    }
    assertEquals(how.equals("all"), bytes[1] == 0, "both resolutions were seen");
    long[] seen = how.equals("all") ? new long[] {bytes[0]} : bytes;
    assertEquals(Prefetch.mostBytes(seen), need(spec).batches());
  }

  /** Pictures that padding leaves whole. */
  private static InMemorySource squares() {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      RgbImage image = new RgbImage(40, 40, new byte[3 * 40 * 40]);
      samples.add(new Sample("square" + i, image, null, List.of()));
    }
    return new InMemorySource(samples);
  }

  /** Two feeds, three objectives, two teachers in one of them: by hand. */
  @Test
  void feedsAddUp() {
    FeedSpec crops =
        new FeedBuilder(64, 224)
            .objective("clip", "clip_head", "clip.summary")
            .objective("patches", "clip_head.spatial", "sam.spatial")
            .sides(Map.of("sam", "512"))
            .build();
    FeedSpec masks =
        new FeedBuilder(2, 1024)
            .prompts(new PromptsSpec(4, .5, .1, 20, .9, 1))
            .objective("sam", "masks", "sam.masks")
            .build();
    // CLIP's own side is the student's, 224 px; the SAM of the masks sees what the student sees.
    long ofCrops = 64 * 3L * (224 * 224 + 512 * 512);
    long ofMasks = 2 * 3L * 1024 * 1024;
    assertTrue(ofCrops < Prefetch.LARGE && ofMasks < Prefetch.LARGE);
    assertEquals(3 * ofCrops, need(crops).batches());
    assertEquals(3 * ofCrops + 3 * ofMasks, need(crops, masks).batches());
    assertEquals(2 * need(crops).decoded(), need(crops, masks).decoded());
    // A mosaic of SAM's own side holds four images of 512 px.
    FeedSpec mosaic =
        new FeedBuilder(64, 224)
            .objective("patches", "clip_head.spatial", "sam.spatial")
            .sides(Map.of("sam", "mosaic"))
            .build();
    assertEquals(3 * ofCrops, need(mosaic).batches());
  }

  /** 64 images wait, and each of 16 threads holds two of SA-1B's size. */
  @Test
  void decodedImagesFollowFromWorkers() {
    long photo = 3 * 1500 * 2250;
    assertEquals((64 + 2 * 16) * photo, need(paper(), 0).decoded());
    assertEquals(2 * (64 + 2 * 16) * photo, need(paper(), 1).decoded(), "of both sources");
    assertEquals((8 + 2) * photo, need(paper("data.workers=1"), 0).decoded());
    Recipe scenes =
        RecipeReader.read(CONFIGS.resolve("quickstart.yaml"), List.of("data.workers=1"));
    assertEquals(128, scenes.data().scenes().size());
    assertEquals(10 * 3L * 128 * 128, need(scenes, 0).decoded());
  }

  @Test
  void aHeapThatCannotHoldTheBatchesIsTheUsersError() {
    HeapNeed need = need(paper(), 1);
    need.requireFit("stage multi_task", 2L << 30);
    UserError error =
        assertThrows(UserError.class, () -> need.requireFit("stage multi_task", 1L << 30));
    String message = error.getMessage();
    assertTrue(message.startsWith("stage multi_task: its batches take 1073 MB"), message);
    assertTrue(message.contains("limited to 1074 MB"), message);
    assertTrue(message.contains("SAMCLIP_JAVA_OPTS=-Xmx3g"), message);
    assertTrue(message.contains("lower batch_size in its feeds"), message);
  }
}
