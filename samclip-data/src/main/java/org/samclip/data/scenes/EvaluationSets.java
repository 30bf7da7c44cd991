package org.samclip.data.scenes;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.samclip.data.prepare.AsideFolder;
import org.samclip.data.prepare.OrderedWork;
import org.samclip.data.prepare.Sa1bJson;

/** Writes the validation or the test of a set, in the formats that evaluation reads. */
final class EvaluationSets {

  /** First line of {@code semantic/classes.txt}: value 0 of the label maps. */
  private static final String BACKGROUND = "background";

  private final SceneGenerator generator;
  private final SceneSplit split;
  private final List<SpriteClass> classes = SpriteLibrary.embedded().classes();
  private final ObjectMapper mapper = new ObjectMapper();

  EvaluationSets(SceneGenerator generator, SceneSplit split) {
    this.generator = generator;
    this.split = split;
  }

  /** Images of one object in class folders: all classes weigh the same. */
  void writeCrops(AsideFolder folder, OrderedWork work, int count, SceneProgress progress)
      throws IOException {
    folder.write(path("classes.txt"), lines(SpriteLibrary.embedded().labels()));
    folder.write(path("heldout.txt"), lines(SpriteLibrary.embedded().heldOutLabels()));
    work.run(
        count,
        number -> {
          SpriteClass one = classes.get(number % classes.size());
          Scene scene = generator.crop(split, number, one.index());
          String file = String.format(Locale.ROOT, "classes/%s/%06d.png", one.label(), number);
          folder.write(path(file), scene.image().toPng());
          return file;
        },
        (number, file) -> progress.written(split.key() + " crops", number + 1, count));
  }

  private String path(String file) {
    return split.key() + "/" + file;
  }

  /** Scenes with label maps ({@code semantic}) and with instances ({@code instances}). */
  void writeScenes(AsideFolder folder, OrderedWork work, int count, SceneProgress progress)
      throws IOException {
    List<String> names = new ArrayList<>(List.of(BACKGROUND));
    names.addAll(SpriteLibrary.embedded().labels());
    folder.write(path("semantic/classes.txt"), lines(names));
    ObjectNode instances = mapper.createObjectNode();
    ArrayNode images = instances.putArray("images");
    ArrayNode annotations = instances.putArray("annotations");
    ArrayNode categories = instances.putArray("categories");
    for (SpriteClass one : classes) {
      categories.addObject().put("id", one.index() + 1).put("name", one.label());
    }
    work.run(
        count,
        index -> {
          Scene scene = generator.scene(split, index);
          String file = String.format(Locale.ROOT, "%06d.png", index);
          byte[] image = scene.image().toPng();
          folder.write(path("semantic/images/" + file), image);
          folder.write(path("semantic/labels/" + file), labelMap(scene));
          folder.write(path("instances/images/" + file), image);
          return scene;
        },
        (index, scene) -> {
          int id = index + 1;
          ObjectNode image = images.addObject();
          image.put("id", id);
          image.put("file_name", String.format(Locale.ROOT, "%06d.png", index));
          image.put("width", scene.image().width());
          image.put("height", scene.image().height());
          for (SceneObject object : scene.objects()) {
            annotations.add(instance(object, annotations.size() + 1, id));
          }
          progress.written(split.key() + " scenes", id, count);
        });
    folder.write(path("instances/instances.json"), mapper.writeValueAsBytes(instances));
  }

  private ObjectNode instance(SceneObject object, int id, int imageId) {
    ObjectNode node = mapper.createObjectNode();
    node.put("id", id);
    node.put("image_id", imageId);
    node.put("category_id", object.classIndex() + 1);
    node.put("iscrowd", 0);
    node.put("area", object.visible().area());
    ArrayNode box = node.putArray("bbox");
    for (double value : object.visible().boundingBox()) {
      box.add(value);
    }
    node.set("segmentation", Sa1bJson.compressed(mapper, object.visible()));
    return node;
  }

  /** 8-bit grey PNG: 0 background, else class index plus 1. */
  private static byte[] labelMap(Scene scene) throws IOException {
    BufferedImage map =
        new BufferedImage(
            scene.image().width(), scene.image().height(), BufferedImage.TYPE_BYTE_GRAY);
    byte[] pixels = ((DataBufferByte) map.getRaster().getDataBuffer()).getData();
    for (SceneObject object : scene.objects()) {
      byte[] mask = object.visible().decode();
      for (int i = 0; i < mask.length; i++) {
        if (mask[i] != 0) {
          pixels[i] = (byte) (object.classIndex() + 1);
        }
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!ImageIO.write(map, "png", out)) {
      throw new IllegalStateException("this JDK has no PNG writer");
    }
    return out.toByteArray();
  }

  private static byte[] lines(List<String> lines) {
    return (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
