package org.samclip.data.scenes;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Writes captions: an enumeration of the objects, put into a template. */
final class SceneCaptions {

  /** {@code {}} stands for the objects; "on a ... background" follows. */
  private static final List<String> OPENINGS =
      List.of(
          "{}",
          "a picture of {}",
          "a photo of {}",
          "an image of {}",
          "a drawing of {}",
          "there is {}",
          "this is {}");

  private static final List<String> PLACES = List.of("on", "against", "in front of");

  private static final String EMPTY = "an empty {} background";

  private static final String BARE = "a {} background";

  private SceneCaptions() {}

  /**
   * @param labels at least one, in the order to name them
   */
  static String scene(List<String> labels, BackgroundKind background, SplittableRandom random) {
    return shortly(labels, random)
        + " "
        + PLACES.get(random.nextInt(PLACES.size()))
        + " "
        + fill(BARE, background.word());
  }

  /** A caption that leaves the background out. */
  static String shortly(List<String> labels, SplittableRandom random) {
    return fill(OPENINGS.get(random.nextInt(OPENINGS.size())), enumerate(labels));
  }

  static String empty(BackgroundKind background) {
    return fill(EMPTY, background.word());
  }

  /** Every text that a caption can be made of. */
  static Stream<String> pieces() {
    List<String> pieces = new ArrayList<>(OPENINGS);
    pieces.addAll(PLACES);
    pieces.add(EMPTY);
    pieces.add(BARE);
    for (BackgroundKind kind : BackgroundKind.values()) {
      pieces.add(kind.word());
    }
    List<String> labels = SpriteLibrary.embedded().labels();
    pieces.add(enumerate(labels));
    return pieces.stream().map(piece -> fill(piece, ""));
  }

  /** "a cat, a dog and an owl". */
  private static String enumerate(List<String> labels) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < labels.size(); i++) {
      if (i > 0) {
        text.append(i == labels.size() - 1 ? " and " : ", ");
      }
      String label = labels.get(i);
      text.append("aeiou".indexOf(label.charAt(0)) >= 0 ? "an " : "a ").append(label);
    }
    return text.toString();
  }

  private static String fill(String template, String text) {
    return template.replace("{}", text);
  }
}
