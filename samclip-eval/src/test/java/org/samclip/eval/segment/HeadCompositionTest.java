package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.ScorePrompts.Candidate;
import org.samclip.eval.zeroshot.PromptTemplates;

class HeadCompositionTest {

  private static HeadComposition.Options options(
      Background background, int points, double threshold) {
    CompositionSettings composing =
        new CompositionSettings(
            CompositionForm.SCORES_FIRST,
            new ScoreSettings(.1, threshold, points, 8),
            ProposalSettings.DEFAULT);
    return new HeadComposition.Options(
        16, 2, 0, new PromptTemplates(List.of("{}")), background, composing, 1);
  }

  private static HeadComposition.Result run(
      HeadComposition.Options options, List<String> classes, LabelMapFolder.Item... samples) {
    ColourModel model = new ColourModel(8);
    HeadComposition.Result result =
        HeadComposition.run(model, Pictures.set(classes, List.of(samples)), options);
    assertTrue(model.areManagersClosed());
    return result;
  }

  private static LabelMapFolder.Item sample(String letters, String... rows) {
    return new LabelMapFolder.Item("a", Pictures.image(4, rows), Pictures.labels(4, letters, rows));
  }

  @Test
  void everyClassThatIsThereIsPromptedAndDrawn() {
    LabelMapFolder.Item three = sample("RGB", "RRGG", "RRGG", "BBBB", "BBBB");
    LabelMapFolder.Item one = sample("RGB", "GGGG", "GGGG", "GGGG", "GGGG");
    List<String> classes = List.of("red", "green", "blue");
    for (int points : new int[] {0, 1, 3}) {
      HeadComposition.Result result =
          run(options(Background.TEXT, points, .5), classes, three, one);
      assertEquals(1, result.miou(), "points: " + points);
      assertEquals(4, result.prompts());
      assertEquals(2, result.images());
    }
  }

  @Test
  void theBackgroundIsWhatNoMaskCovers() {
    LabelMapFolder.Item sample = sample(".RG", "RR..", "RR..", "....", "...G");
    List<String> classes = List.of("background", "red", "green");
    HeadComposition.Result result = run(options(Background.THRESHOLD, 1, .6), classes, sample);
    assertEquals(1, result.miou());
    assertEquals(2, result.prompts());
  }

  @Test
  void aWideImageIsPaddedAndThePaddingIsNotPrompted() {
    // Padding is black, like the lower row here; at threshold 0 the first class wins black.
    LabelMapFolder.Item wide = sample("BG", "GGGG", "GGGG");
    HeadComposition.Result result =
        run(options(Background.TEXT, 1, 0), List.of("blue", "green"), wide);
    assertEquals(List.of(1.0), result.scores().iou().subList(1, 2));
    assertEquals(1, result.prompts());
  }

  @Test
  void withoutABackgroundTheSurestClassIsPromptedInAnyCase() {
    LabelMapFolder.Item black = sample("R", "....", "....", "....", "....");
    LabelMapFolder.Item labelled =
        new LabelMapFolder.Item("a", black.image(), Pictures.labels(16, "R", "R"));
    HeadComposition.Result result =
        run(options(Background.TEXT, 1, .9), List.of("red", "green"), labelled);
    assertEquals(1, result.prompts());
    assertEquals(1, result.miou());
  }

  @Test
  void promptsAreTheLogOddsAndTheSurestTokensThatDoNotTouch() {
    ScoreSettings options = new ScoreSettings(.1, .6, 2, 8);
    // Two classes on a grid of 1 x 5; the last token is padding.
    float[] scores = {.3f, .4f, .2f, .05f, .9f, /**/ 0, 0, 0, 0, 0};
    ScorePrompts prompts = new ScorePrompts(1, 5, 1, 4, options);
    List<Candidate> candidates = prompts.candidates(scores, -1, true);
    assertEquals(1, candidates.size());
    // Softmax of two at temperature .1: the log-odds are the difference divided by .1.
    assertArrayEquals(new float[] {3, 4, 2, .5f, -8}, candidates.get(0).logits(), 1e-5f);
    // Token 3 has .62 and does not touch token 1; tokens 0 and 2 do.
    assertEquals(List.of(1, 3), candidates.get(0).tokens());

    assertEquals(List.of(), prompts.candidates(scores, 0, true), "class 0 is not to be prompted");
    float[] unsure = {.01f, .02f, 0, 0, 0, 0, 0, 0, 0, 0};
    assertEquals(List.of(), prompts.candidates(unsure, -1, true));
    assertEquals(List.of(1, 3), prompts.candidates(unsure, -1, false).get(0).tokens());
  }

  @Test
  void logitsStayInTheirRange() {
    ScoreSettings options = new ScoreSettings(.1, .5, 1, 8);
    Candidate only =
        new ScorePrompts(1, 2, 1, 2, options).candidates(new float[] {1, -1}, -1, true).get(0);
    assertEquals("[8.0, 8.0]", Arrays.toString(only.logits()), "one class is always certain");
  }

  @Test
  void wrongOptionsNameTheirKey() {
    UserError error = assertThrows(UserError.class, () -> options(Background.TEXT, 1, 1.5));
    assertTrue(error.getMessage().startsWith("threshold: 1.5"), error.getMessage());
    assertThrows(UserError.class, () -> options(Background.TEXT, 100, .5));
  }
}
