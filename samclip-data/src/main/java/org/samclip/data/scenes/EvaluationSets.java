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

/** Writes the held-out half of a set, in the formats that evaluation reads. */
final class EvaluationSets {

  /** First line of {@code semantic/classes.txt}: value 0 of the label maps. */
  private static final String BACKGROUND = "background";

  private record ClassAndStyle(SpriteClass kind, SpriteStyle style) {}

  private final SceneGenerator generator;
  private final List<SpriteClass> classes = SpriteLibrary.embedded().classes();
  private final ObjectMapper mapper = new ObjectMapper();

  EvaluationSets(SceneGenerator generator) {
    this.generator = generator;
  }

  /**
   * Single objects in class folders: {@code eval/classes} in styles that training shows, {@code
   * eval/classes-unseen-style} in those that it never shows.
   */
  void writeCrops(
      AsideFolder folder, OrderedWork work, SceneSetOptions options, SceneProgress progress)
      throws IOException {
    List<ClassAndStyle> seen = new ArrayList<>();
    List<ClassAndStyle> unseen = new ArrayList<>();
    for (SpriteStyle style : SpriteStyle.values()) {
      for (SpriteClass one : classes) {
        // Where one style is held out, the other one comes twice: all classes weigh the same.
        SpriteStyle shown = one.allows(SceneSplit.TRAIN, style) ? style : style.other();
        seen.add(new ClassAndStyle(one, shown));
        if (shown != style) {
          unseen.add(new ClassAndStyle(one, style));
        }
      }
    }
    folder.write("eval/classes.txt", lines(SpriteLibrary.embedded().labels()));
    writeCrops(folder, work, "classes", seen, 0, options.crops(), progress);
    writeCrops(
        folder,
        work,
        "classes-unseen-style",
        unseen,
        options.crops(),
        options.unseenStyleCrops(),
        progress);
  }

  private void writeCrops(
      AsideFolder folder,
      OrderedWork work,
      String name,
      List<ClassAndStyle> kinds,
      int firstIndex,
      int count,
      SceneProgress progress)
      throws IOException {
    work.run(
        count,
        number -> {
          ClassAndStyle kind = kinds.get(number % kinds.size());
          Scene scene =
              generator.crop(
                  SceneSplit.HELD_OUT, firstIndex + number, kind.kind.index(), kind.style);
          String file =
              String.format(Locale.ROOT, "eval/%s/%s/%06d.png", name, kind.kind.label(), number);
          folder.write(file, scene.image().toPng());
          return file;
        },
        (number, file) -> progress.written(name, number + 1, count));
  }

  /** Scenes with label maps ({@code eval/semantic}) and with instances ({@code eval/instances}). */
  void writeScenes(AsideFolder folder, OrderedWork work, int count, SceneProgress progress)
      throws IOException {
    List<String> names = new ArrayList<>(List.of(BACKGROUND));
    names.addAll(SpriteLibrary.embedded().labels());
    folder.write("eval/semantic/classes.txt", lines(names));
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
          Scene scene = generator.scene(SceneSplit.HELD_OUT, index);
          String file = String.format(Locale.ROOT, "%06d.png", index);
          byte[] image = scene.image().toPng();
          folder.write("eval/semantic/images/" + file, image);
          folder.write("eval/semantic/labels/" + file, labelMap(scene));
          folder.write("eval/instances/images/" + file, image);
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
          progress.written("scenes", id, count);
        });
    folder.write("eval/instances/instances.json", mapper.writeValueAsBytes(instances));
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
