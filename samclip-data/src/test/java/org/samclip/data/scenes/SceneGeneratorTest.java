package org.samclip.data.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SceneGeneratorTest {

  private static final int SIZE = 64;
  private final List<SpriteClass> classes = SpriteLibrary.embedded().classes();
  private final SceneGenerator generator = generator(7);

  private static SceneGenerator generator(long seed) {
    return new SceneGenerator(seed, SIZE, SceneOptions.defaults(), Nouns.DISTILLED);
  }

  @Test
  void eachSceneDependsOnSeedSplitAndIndexAlone() {
    List<Scene> forward =
        IntStream.range(0, 40).mapToObj(i -> generator.scene(SceneSplit.TRAIN, i)).toList();
    List<Scene> parallel =
        IntStream.range(0, 40)
            .parallel()
            .mapToObj(i -> generator(7).scene(SceneSplit.TRAIN, 39 - i))
            .toList();
    Set<Integer> pictures = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      Scene one = forward.get(i);
      Scene same = parallel.get(39 - i);
      assertArrayEquals(one.image().rgb(), same.image().rgb());
      assertEquals(one.objects(), same.objects());
      assertEquals(one.caption(), same.caption());
      pictures.add(Arrays.hashCode(one.image().rgb()));
      pictures.add(Arrays.hashCode(generator.scene(SceneSplit.TEST, i).image().rgb()));
      pictures.add(Arrays.hashCode(generator(8).scene(SceneSplit.TRAIN, i).image().rgb()));
    }
    assertEquals(120, pictures.size(), "another seed, split or index gives another picture");
  }

  @Test
  void masksAreDisjointAndVisible() {
    int objects = 0;
    boolean occluded = false;
    for (int i = 0; i < 300; i++) {
      Scene scene = generator.scene(SceneSplit.TEST, i);
      assertFalse(scene.objects().isEmpty());
      assertTrue(scene.objects().size() <= 5);
      byte[] taken = new byte[SIZE * SIZE];
      for (SceneObject object : scene.objects()) {
        objects++;
        assertEquals(SIZE, object.visible().width());
        assertEquals(SIZE, object.visible().height());
        assertTrue(object.visible().area() > 0);
        assertTrue(object.visibleShare() >= 0.35, "visible " + object.visibleShare());
        occluded |= object.visibleShare() < 0.8;
        byte[] mask = object.visible().decode();
        for (int p = 0; p < mask.length; p++) {
          if (mask[p] != 0) {
            assertEquals(0, taken[p], "two objects own a pixel");
            taken[p] = 1;
            int x = p % SIZE - object.fullBox().x();
            int y = p / SIZE - object.fullBox().y();
            assertTrue(x >= 0 && y >= 0);
            assertTrue(x < object.fullBox().width() && y < object.fullBox().height());
          }
        }
      }
      assertEquals(
          scene.objects().size(),
          scene.objects().stream().map(SceneObject::classIndex).distinct().count());
    }
    assertTrue(occluded, "objects do overlap");
    assertTrue(objects > 600, "about three objects a scene, found " + objects);
  }

  @Test
  void maskFollowsThePictureOfAPlainScene() {
    int checked = 0;
    for (int i = 0; checked < 5; i++) {
      Scene scene = generator.crop(SceneSplit.TEST, i);
      if (scene.background() != BackgroundKind.PLAIN) {
        continue;
      }
      checked++;
      byte[] mask = scene.objects().get(0).visible().decode();
      int corner = backgroundPixel(scene, mask);
      int agree = 0;
      for (int p = 0; p < mask.length; p++) {
        boolean likeBackground = difference(scene, p, corner) < 12;
        agree += likeBackground != (mask[p] != 0) ? 1 : 0;
      }
      // Soft edges and parts of the object in the background's colour may differ.
      assertTrue(agree > 0.85 * mask.length, scene.caption() + ": " + agree);
    }
  }

  private static int backgroundPixel(Scene scene, byte[] mask) {
    int[] corners = {0, SIZE - 1, SIZE * (SIZE - 1), SIZE * SIZE - 1};
    return Arrays.stream(corners).filter(p -> mask[p] == 0).findFirst().orElseThrow();
  }

  private static int difference(Scene scene, int p, int q) {
    int sum = 0;
    for (int c = 0; c < 3; c++) {
      sum +=
          Math.abs(
              scene.image().at(p % SIZE, p / SIZE, c) - scene.image().at(q % SIZE, q / SIZE, c));
    }
    return sum;
  }

  @Test
  void splitsShareNoSpriteAndTrainingShowsNoHeldOutNoun() {
    Map<SceneSplit, Set<String>> shown = new EnumMap<>(SceneSplit.class);
    Set<Integer> trained = new HashSet<>();
    for (SceneSplit split : SceneSplit.values()) {
      Set<String> own = shown.computeIfAbsent(split, s -> new HashSet<>());
      for (int i = 0; i < 1500; i++) {
        for (Scene scene :
            List.of(
                generator.captioned(split, i),
                generator.scene(split, i),
                generator.crop(split, i))) {
          for (SceneObject object : scene.objects()) {
            own.add(object.classIndex() + " " + object.style());
            if (split == SceneSplit.TRAIN) {
              trained.add(object.classIndex());
            }
          }
        }
      }
    }
    int sprites =
        classes.stream()
            .filter(one -> !one.heldOut())
            .mapToInt(one -> one.styles(SceneSplit.TRAIN).size())
            .sum();
    assertEquals(sprites, shown.get(SceneSplit.TRAIN).size());
    assertEquals(80, shown.get(SceneSplit.VALIDATION).size());
    assertEquals(80, shown.get(SceneSplit.TEST).size());
    assertEquals(sprites + 160, shown.values().stream().flatMap(Set::stream).distinct().count());
    assertEquals(64, trained.size());
    assertTrue(trained.stream().noneMatch(index -> classes.get(index).heldOut()));
  }

  @Test
  void teachersAreShownAllNouns() {
    SceneGenerator all = new SceneGenerator(7, SIZE, SceneOptions.defaults(), Nouns.ALL);
    Set<Integer> trained = new HashSet<>();
    for (int i = 0; i < 1500; i++) {
      all.scene(SceneSplit.TRAIN, i).objects().forEach(o -> trained.add(o.classIndex()));
    }
    assertEquals(80, trained.size());
  }

  @Test
  void validationAndTestAreOfTheSameArtworkInEqualParts() {
    assertEquals(80, classes.size());
    assertEquals(80, new HashSet<>(SpriteLibrary.embedded().labels()).size());
    assertEquals(16, SpriteLibrary.embedded().heldOutLabels().size());
    for (SceneSplit split : List.of(SceneSplit.VALIDATION, SceneSplit.TEST)) {
      for (SpriteStyle style : List.of(SpriteStyle.TWEMOJI, SpriteStyle.FLUENT_COLOUR)) {
        assertEquals(
            40, classes.stream().filter(c -> c.styles(split).equals(List.of(style))).count());
      }
    }
  }

  @Test
  void aClassWithAStyleInTwoSplitsIsRefused() {
    Map<SceneSplit, List<SpriteStyle>> styles =
        Map.of(
            SceneSplit.TRAIN, List.of(SpriteStyle.NOTO),
            SceneSplit.VALIDATION, List.of(SpriteStyle.TWEMOJI),
            SceneSplit.TEST, List.of(SpriteStyle.NOTO));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SpriteClass(0, "dog", "dog", "1F415", List.of(), false, styles));
  }

  @Test
  void captionsNameAllObjectsAndTheBackground() {
    int empty = 0;
    int shortOnes = 0;
    for (int i = 0; i < 3000; i++) {
      Scene scene = generator.captioned(SceneSplit.TRAIN, i);
      String caption = scene.caption();
      for (SceneObject object : scene.objects()) {
        String label = classes.get(object.classIndex()).label();
        assertTrue(caption.matches(".*\\ban? " + label + "\\b.*"), caption + " without " + label);
      }
      String ending = scene.background().word() + " background";
      if (scene.objects().isEmpty()) {
        empty++;
        assertEquals("an empty " + ending, caption);
      } else if (!caption.endsWith(" a " + ending)) {
        shortOnes++;
        assertEquals(1, scene.objects().size(), caption);
        assertFalse(caption.contains("background"), caption);
      }
    }
    assertEquals(0.03, empty / 3000.0, 0.012);
    assertEquals(0.15, shortOnes / 3000.0, 0.03);
  }
}
