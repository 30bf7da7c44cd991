package org.samclip.eval.zeroshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.eval.ColourModel;
import org.samclip.kernel.LibTorch;

class TextClassifierTest {

  @Test
  void theListOfOpenAiHasEightyDifferentTemplates() {
    PromptTemplates templates = PromptTemplates.openAi();
    assertEquals(80, new HashSet<>(templates.templates()).size());
    assertEquals("a bad photo of a cat.", templates.fill("cat").get(0));
    assertEquals("a tattoo of the cat.", templates.fill("cat").get(79));
    assertTrue(templates.fill("cat").stream().noneMatch(text -> text.contains("{}")));
  }

  @Test
  void templatesNeedAPlaceForTheName() {
    assertThrows(UserError.class, () -> new PromptTemplates(List.of("a photo")));
    assertThrows(UserError.class, () -> new PromptTemplates(List.of()));
  }

  @Test
  void aClassIsTheNormalisedMeanOfItsSentences() {
    // "red X" is (1, 1, 0) / sqrt 2 for X = green; "X" is (0, 1, 0).
    PromptTemplates templates = new PromptTemplates(List.of("red {}", "{}"));
    double half = 1 / Math.sqrt(2);
    double norm = Math.hypot(half, 1 + half);
    float[] expected = {(float) (half / norm), (float) ((1 + half) / norm), 0, 1, 0, 0};
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        TextClassifier classifier =
            TextClassifier.of(manager, new ColourModel(8), List.of("green", "red"), templates)) {
      assertArrayEquals(expected, classifier.embeddings().toFloatArray(), 1e-6f);
      assertThrows(
          UserError.class,
          () -> TextClassifier.of(manager, new ColourModel(8), List.of(), templates));
    }
  }

  @Test
  void moreSentencesThanOnePassGiveTheSame() {
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      many.add(i < 100 ? "red {}" : "{}");
    }
    PromptTemplates few = new PromptTemplates(List.of("red {}", "{}", "{}"));
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        TextClassifier expected =
            TextClassifier.of(manager, new ColourModel(8), List.of("green"), few);
        TextClassifier got =
            TextClassifier.of(
                manager, new ColourModel(8), List.of("green"), new PromptTemplates(many))) {
      assertArrayEquals(
          expected.embeddings().toFloatArray(), got.embeddings().toFloatArray(), 1e-6f);
    }
  }

  @Test
  void scoreMapsAreTheCosinesOfEveryPatch() {
    float[] features = {1, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1, /**/ .6f, .8f, 0};
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        TextClassifier classifier =
            TextClassifier.of(
                manager,
                new ColourModel(8),
                List.of("red", "green"),
                new PromptTemplates(List.of("{}")))) {
      var perPatch = manager.create(features, new Shape(1, 2, 2, 3)).transpose(0, 3, 1, 2);
      assertArrayEquals(
          new float[] {1, 0, 0, .6f, /**/ 0, 1, 0, .8f},
          classifier.scoreMaps(perPatch).toFloatArray(),
          1e-6f);
    }
  }
}
