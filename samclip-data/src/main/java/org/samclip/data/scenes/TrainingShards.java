package org.samclip.data.scenes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.samclip.data.prepare.AsideFolder;
import org.samclip.data.prepare.OrderedWork;
import org.samclip.data.prepare.Sa1bJson;
import org.samclip.data.prepare.TarShards;

/** Writes the training halves of a set: WebDataset shards and SA-1B shards. */
final class TrainingShards {

  private static final int SAMPLES_PER_SHARD = 2000;

  private record Encoded(String name, byte[] image, byte[] description) {}

  private final SceneGenerator generator;

  TrainingShards(SceneGenerator generator) {
    this.generator = generator;
  }

  /** Images with captions: {@code clip/clip-00000.tar} of {@code key.jpg}, {@code key.txt}. */
  void writeClip(AsideFolder folder, OrderedWork work, int count, SceneProgress progress)
      throws IOException {
    OrderedWork.Maker<Encoded> maker =
        index -> {
          Scene scene = generator.captioned(SceneSplit.TRAIN, index);
          return new Encoded(
              String.format(Locale.ROOT, "%08d", index),
              JpegEncoder.encode(scene.image()),
              scene.caption().getBytes(StandardCharsets.UTF_8));
        };
    write(folder, work, "clip", "clip/clip-%05d.tar", ".txt", count, maker, progress);
  }

  /** Images with masks as in SA-1B: {@code sam/sa_000000.tar} of {@code sa_N.jpg, sa_N.json}. */
  void writeSam(AsideFolder folder, OrderedWork work, int count, SceneProgress progress)
      throws IOException {
    OrderedWork.Maker<Encoded> maker =
        index -> {
          Scene scene = generator.scene(SceneSplit.TRAIN, index);
          int id = index + 1;
          return new Encoded("sa_" + id, JpegEncoder.encode(scene.image()), annotations(scene, id));
        };
    write(folder, work, "sam", "sam/sa_%06d.tar", ".json", count, maker, progress);
  }

  private static void write(
      AsideFolder folder,
      OrderedWork work,
      String part,
      String pattern,
      String ending,
      int count,
      OrderedWork.Maker<Encoded> maker,
      SceneProgress progress)
      throws IOException {
    try (TarShards shards = new TarShards(folder, pattern, SAMPLES_PER_SHARD, Long.MAX_VALUE)) {
      work.run(
          count,
          maker,
          (index, sample) -> {
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put(sample.name + ".jpg", sample.image);
            files.put(sample.name + ending, sample.description);
            shards.add(files);
            progress.written(part, index + 1, count);
          });
    }
  }

  private static byte[] annotations(Scene scene, int id) throws IOException {
    return Sa1bJson.write(
        id,
        "sa_" + id + ".jpg",
        scene.image().width(),
        scene.image().height(),
        scene.objects().stream().map(SceneObject::visible).toList());
  }
}
