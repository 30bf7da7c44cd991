package org.samclip.eval.zeroshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;

class SemanticSegmentationTest {

  private static SemanticSegmentation.Options options(Background background) {
    return new SemanticSegmentation.Options(
        16, 2, 0, new PromptTemplates(List.of("{}")), background, .1, .5);
  }

  private static SemanticSegmentation.Result run(
      List<String> classes, Background background, LabelMapFolder.Item... samples) {
    ColourModel model = new ColourModel(8);
    SemanticSegmentation.Result result =
        SemanticSegmentation.run(
            model, Pictures.set(classes, List.of(samples)), options(background));
    assertTrue(model.areManagersClosed());
    return result;
  }

  @Test
  void halvesOfTwoColoursAreFoundAtAnySizeOfTheLabelMap() {
    List<String> classes = List.of("red", "green");
    SemanticSegmentation.Result result =
        run(
            classes,
            Background.TEXT,
            new LabelMapFolder.Item("a", Pictures.image(8, "RG"), Pictures.labels(8, "RG", "RG")),
            new LabelMapFolder.Item(
                "b", Pictures.image(20, "R", "G"), Pictures.labels(5, "RG", "R", "G")),
            new LabelMapFolder.Item("c", Pictures.image(8, "GR"), Pictures.labels(40, "RG", "GR")));
    assertEquals(1, result.miou());
    assertEquals(128 + 50 + 3200, result.scores().pixels());
    assertEquals(3, result.images());
    assertEquals(16, result.side());
  }

  @Test
  void wrongPixelsCountAndIgnoredOnesDoNot() {
    // Four quarters of 64 pixels; the map calls the lower left green, and does not know the last.
    SemanticSegmentation.Result result =
        run(
            List.of("red", "green"),
            Background.TEXT,
            new LabelMapFolder.Item(
                "a", Pictures.image(8, "RR", "RR"), Pictures.labels(8, "RG", "RR", "G?")));
    assertEquals(192, result.scores().pixels());
    assertEquals(List.of(128 / 192.0, 0.0), result.scores().iou());
  }

  @Test
  void theBackgroundByThresholdIsWhereNoClassIsSure() {
    List<String> classes = List.of("Background", "red", "green");
    LabelMapFolder.Item half =
        new LabelMapFolder.Item("a", Pictures.image(8, "RB"), Pictures.labels(8, "BRG", "RB"));
    // A blue patch has cosine 0 with both names: a probability of .5 each, not above the threshold.
    // Red falls from 1 to .5 between the centres of patches 1 and 2, at columns 5.5 and 9.5, and so
    // takes columns 8 and 9 of the background's eight.
    SemanticSegmentation.Result result = run(classes, Background.THRESHOLD, half);
    assertEquals(Arrays.asList(.75, 1.0, null), result.scores().classAccuracy());

    SemanticSegmentation.Result excluded = run(classes, Background.EXCLUDED, half);
    assertEquals(64, excluded.scores().pixels());
    assertEquals(1, excluded.miou());
    assertNull(excluded.scores().iou().get(0));
  }

  @Test
  void aLabelWithoutAClassIsAUserError() {
    LabelMapFolder.Item sample =
        new LabelMapFolder.Item("a.png", Pictures.image(8, "R"), Pictures.labels(8, "??R", "R"));
    UserError error =
        assertThrows(UserError.class, () -> run(List.of("red", "green"), Background.TEXT, sample));
    assertTrue(error.getMessage().startsWith("a.png: label 2 "), error.getMessage());
  }
}
