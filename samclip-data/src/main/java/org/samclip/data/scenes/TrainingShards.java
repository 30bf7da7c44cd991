package org.samclip.data.scenes;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.samclip.data.mask.RunLengthMask;

/** Writes the training halves of a set: WebDataset shards and SA-1B shards. */
final class TrainingShards {

  private static final int SAMPLES_PER_SHARD = 2000;

  private record Encoded(String name, byte[] image, byte[] description) {}

  private final SceneGenerator generator;
  private final ObjectMapper mapper = new ObjectMapper();

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
          return new Encoded(
              "sa_" + id,
              JpegEncoder.encode(scene.image()),
              mapper.writeValueAsBytes(annotations(scene, id)));
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
    try (TarShards shards = new TarShards(folder, pattern, SAMPLES_PER_SHARD)) {
      work.run(
          count,
          maker,
          (index, sample) -> {
            shards.nextSample();
            shards.file(sample.name + ".jpg", sample.image);
            shards.file(sample.name + ending, sample.description);
            progress.written(part, index + 1, count);
          });
    }
  }

  private ObjectNode annotations(Scene scene, int id) {
    ObjectNode root = mapper.createObjectNode();
    int width = scene.image().width();
    int height = scene.image().height();
    ObjectNode image = root.putObject("image");
    image.put("image_id", id);
    image.put("width", width);
    image.put("height", height);
    image.put("file_name", "sa_" + id + ".jpg");
    ArrayNode annotations = root.putArray("annotations");
    for (int i = 0; i < scene.objects().size(); i++) {
      RunLengthMask mask = scene.objects().get(i).visible();
      ObjectNode one = annotations.addObject();
      one.put("id", 100L * id + i);
      one.set("segmentation", compressed(mapper, mask));
      one.set("bbox", numbers(mask.boundingBox()));
      one.put("area", mask.area());
      one.put("predicted_iou", 1.0);
      one.put("stability_score", 1.0);
      one.putArray("point_coords").add(numbers(pointInside(mask)));
      one.set("crop_box", numbers(0, 0, width, height));
    }
    return root;
  }

  static ObjectNode compressed(ObjectMapper mapper, RunLengthMask mask) {
    ObjectNode node = mapper.createObjectNode();
    node.putArray("size").add(mask.height()).add(mask.width());
    node.put("counts", mask.toCompressedString());
    return node;
  }

  private ArrayNode numbers(double... values) {
    ArrayNode node = mapper.createArrayNode();
    for (double value : values) {
      node.add(value);
    }
    return node;
  }

  /** x, y of the middle of the longest vertical run: inside also where the centre is not. */
  private static double[] pointInside(RunLengthMask mask) {
    byte[] inside = mask.decode();
    int best = 0;
    double[] point = new double[2];
    for (int x = 0; x < mask.width(); x++) {
      int run = 0;
      for (int y = 0; y < mask.height(); y++) {
        run = inside[y * mask.width() + x] != 0 ? run + 1 : 0;
        if (run > best) {
          best = run;
          point[0] = x;
          point[1] = y - run / 2;
        }
      }
    }
    return point;
  }
}
