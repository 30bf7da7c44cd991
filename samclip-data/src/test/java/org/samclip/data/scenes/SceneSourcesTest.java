package org.samclip.data.scenes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.Sa1bSource;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.source.WebDatasetSource;

/** The training streams read what the scene writer writes. */
class SceneSourcesTest {

  private static final int SIZE = 64;

  @TempDir Path folder;

  @Test
  void theSourcesGiveBackTheScenes() throws Exception {
    Path out = folder.resolve("set");
    new SceneWriter(new SceneSetOptions(9, SIZE, 12, 10, Nouns.ALL, 0, 0, SceneOptions.defaults()))
        .write(out, SceneProgress.SILENT);
    SceneGenerator generator = new SceneGenerator(9, SIZE, SceneOptions.defaults(), Nouns.ALL);

    List<Sample> clip =
        samples(
            new WebDatasetSource(
                "clip", List.of(out.resolve("clip").toString()), true, DataLimits.DEFAULT));
    assertEquals(12, clip.size());
    for (int i = 0; i < 12; i++) {
      Scene scene = generator.captioned(SceneSplit.TRAIN, i);
      assertEquals(scene.caption(), clip.get(i).text());
      assertLikeness(scene, clip.get(i));
    }

    List<Sample> sam =
        samples(new Sa1bSource("sam", List.of(out.resolve("sam").toString()), DataLimits.DEFAULT));
    assertEquals(10, sam.size());
    for (int i = 0; i < 10; i++) {
      Scene scene = generator.scene(SceneSplit.TRAIN, i);
      assertEquals(scene.objects().stream().map(SceneObject::visible).toList(), sam.get(i).masks());
      assertLikeness(scene, sam.get(i));
    }
  }

  /** JPEG of quality 0.95 loses a little; more would mean halved colour or swapped channels. */
  private static void assertLikeness(Scene scene, Sample sample) {
    byte[] expected = scene.image().rgb();
    byte[] found = sample.image().rgb();
    assertEquals(expected.length, found.length);
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      sum += Math.abs((expected[i] & 0xFF) - (found[i] & 0xFF));
    }
    assertTrue(sum / expected.length < 4, "mean difference " + sum / expected.length);
  }

  private static List<Sample> samples(SampleSource source) {
    return source.shards().stream()
        .flatMap((Shard shard) -> source.list(shard).stream())
        .map((SampleRef ref) -> source.decode(source.read(ref)))
        .toList();
  }
}
