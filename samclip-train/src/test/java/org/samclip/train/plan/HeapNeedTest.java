package org.samclip.train.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.replay.ReplayStream;
import org.samclip.train.InMemorySource;
import org.samclip.train.OwnProcess;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;

/** What the heap holds while a step of the paper's size is trained, and what is said beforehand. */
class HeapNeedTest {

  private static final Path CONFIGS = Path.of("..", "configs");
  private static final int TEACHER_SIDE = 224; // ViT-L/14
  private static final long MEGABYTE = 1_000_000;

  private static Recipe paper(String... overrides) {
    return RecipeReader.read(CONFIGS.resolve("sam-clip-vit-b.yaml"), List.of(overrides));
  }

  private static HeapNeed need(Recipe recipe, int stage) {
    return HeapNeed.of(recipe.stages().get(stage), TEACHER_SIDE, recipe.data());
  }

  /**
   * Makes batches of 2048 images at 224 px and 512 at 448 px as training does: one in work, and the
   * next one made ahead. Prints the most bytes that were reachable once a next one waited.
   */
  static final class Probe {

    private static final int STEPS = 4; // by the seed at 448, 224, 448 and 448 px

    private Probe() {}

    public static void main(String[] arguments) throws InterruptedException {
      ClipSourceSpec source = paper().stages().get(0).sources().clip();
      Runtime java = Runtime.getRuntime();
      long most = 0;
      Set<Integer> sides = new HashSet<>();
      try (ReplayStream stream = new InMemorySource(InMemorySource.pictures(50)).stream(1, 2)) {
        ClipBatches batches = ClipBatches.of(source, stream, TEACHER_SIDE, 3);
        AtomicLong made = new AtomicLong();
        try (Prefetch<ClipBatch> prefetch =
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
            ClipBatch inWork = prefetch.next();
            sides.add(inWork.student().side());
            while (made.get() == step) {
              Thread.sleep(20);
            }
            System.gc();
            most = Math.max(most, java.totalMemory() - java.freeMemory());
            if (inWork.student().count() != source.batches().batchFor(inWork.student().side())) {
              throw new IllegalStateException("a batch of " + inWork.student().count());
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
    assertTrue(message.contains("sources.clip.batch_size"), message);
  }
}
