package org.samclip.data.scenes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** The sprites in the jar, read once. */
public final class SpriteLibrary {

  private static final class Loaded {
    static final SpriteLibrary LIBRARY = new SpriteLibrary();
  }

  private final List<SpriteClass> classes;
  private final Sprite[][] sprites;

  private SpriteLibrary() {
    ImageIO.setUseCache(false);
    try {
      classes = readClasses();
      sprites = new Sprite[classes.size()][SpriteStyle.values().length];
      for (SpriteClass one : classes) {
        List<SpriteStyle> drawn = one.styles().values().stream().flatMap(List::stream).toList();
        for (SpriteStyle style : drawn) {
          String name = "sprites/" + style.key() + "/" + one.slug() + ".png";
          try (InputStream in = open(name)) {
            sprites[one.index()][style.ordinal()] = new Sprite(ImageIO.read(in));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded sprites do not read", e);
    }
  }

  /** The library of this jar. */
  public static SpriteLibrary embedded() {
    return Loaded.LIBRARY;
  }

  /** All classes, in the order of their indices. */
  public List<SpriteClass> classes() {
    return classes;
  }

  /** All labels, in the order of the class indices. */
  public List<String> labels() {
    return classes.stream().map(SpriteClass::label).toList();
  }

  /** Labels of the classes that students never see in training, in the order of the indices. */
  public List<String> heldOutLabels() {
    return classes.stream().filter(SpriteClass::heldOut).map(SpriteClass::label).toList();
  }

  /** Attribution and licences of the sprites; goes with every set of scenes. */
  public static String notice() {
    try (InputStream in = open("NOTICE")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Sprite sprite(int classIndex, SpriteStyle style) {
    return sprites[classIndex][style.ordinal()];
  }

  private static List<SpriteClass> readClasses() throws IOException {
    List<SpriteClass> classes = new ArrayList<>();
    try (InputStream in = open("classes.json")) {
      for (JsonNode node : new ObjectMapper().readTree(in)) {
        List<String> tags = new ArrayList<>();
        node.path("tags").forEach(tag -> tags.add(tag.asText()));
        Map<SceneSplit, List<SpriteStyle>> styles = new EnumMap<>(SceneSplit.class);
        for (SceneSplit split : SceneSplit.values()) {
          List<SpriteStyle> own = new ArrayList<>();
          node.path("styles").path(split.key()).forEach(s -> own.add(SpriteStyle.of(s.asText())));
          styles.put(split, own);
        }
        classes.add(
            new SpriteClass(
                classes.size(),
                node.get("label").asText(),
                node.get("slug").asText(),
                node.get("codepoint").asText(),
                tags,
                node.path("held_out").asBoolean(),
                styles));
      }
    }
    return List.copyOf(classes);
  }

  private static InputStream open(String name) throws IOException {
    InputStream in = SpriteLibrary.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("resource " + name + " is missing");
    }
    return in;
  }
}
