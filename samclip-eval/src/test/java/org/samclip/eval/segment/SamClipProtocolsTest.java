package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.Background;
import org.samclip.eval.Pictures;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.adapter.TwoHeadAdapter;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.kernel.LibTorch;
import org.samclip.model.RandomModels;

/** The protocols on the real blocks with random weights: every form of prompt fits them. */
class SamClipProtocolsTest {

  private static final List<String> CLASSES = List.of("background", "red", "green", "blue");

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final TwoHeadModel model = new TwoHeadAdapter(RandomModels.twoHeaded(manager));

  @AfterEach
  void close() {
    manager.close();
  }

  private static EvaluationSet<LabelMapFolder.Item> pixels() {
    RgbImage image = Pictures.image(9, "RG.", "B.G");
    LabelMap labels = Pictures.labels(9, ".RGB", "RG.", "B.G");
    return Pictures.set(CLASSES, 5, i -> new LabelMapFolder.Item("sample " + i, image, labels));
  }

  @Test
  void compositionTakesAnyNumberOfPointsAndPromptsAtAnySide() {
    for (int points : new int[] {0, 1, 3}) {
      for (int side : new int[] {0, 64}) {
        compose(CompositionForm.SCORES_FIRST, side, points, Background.TEXT, ANY_MASK);
      }
    }
  }

  /** All random masks stay, so that naming and overlaps have something to do. */
  private static final ProposalSettings ANY_MASK =
      new ProposalSettings(ProposalSettings.Points.GRID, 3, 0, 0, 1);

  @Test
  void masksComeFirstFromAnyPointsAtAnySideAndWithAnyBackground() {
    for (ProposalSettings.Points points : ProposalSettings.Points.values()) {
      for (Background background : Background.values()) {
        for (int side : new int[] {0, 64}) {
          ProposalSettings masks = new ProposalSettings(points, 3, 0, 0, 1);
          HeadComposition.Result result =
              compose(CompositionForm.MASKS_FIRST, side, 2, background, masks);
          assertTrue(result.prompts() > 0 || background != Background.EXCLUDED);
        }
      }
    }
  }

  private HeadComposition.Result compose(
      CompositionForm form, int side, int points, Background background, ProposalSettings masks) {
    CompositionSettings composing =
        new CompositionSettings(form, new ScoreSettings(.1, 0, points, 8), masks);
    HeadComposition.Result result =
        HeadComposition.run(
            model,
            pixels(),
            new HeadComposition.Options(
                side, 2, 0, PromptTemplates.brief(), background, composing, 2));
    assertTrue(result.miou() >= 0 && result.miou() <= 1, result.toString());
    int counted = background == Background.EXCLUDED ? 4 : 6;
    assertEquals(5 * counted * 81, result.scores().pixels());
    assertEquals(side == 0 ? 32 : side, result.side());
    return result;
  }

  @Test
  void patchFeaturesAreMeasuredAtAnySide() {
    for (Background background : Background.values()) {
      SemanticSegmentation.Result result =
          SemanticSegmentation.run(
              model,
              pixels(),
              new SemanticSegmentation.Options(
                  48, 3, 0, PromptTemplates.brief(), background, .1, .5));
      assertTrue(result.miou() >= 0 && result.miou() <= 1, result.toString());
      assertEquals(5, result.images());
    }
  }

  /** What is measured in one pass under all readings is what each alone gives. */
  @Test
  void readingsOfTheBackgroundShareOnePassAndDoNotTouchEachOther() {
    Set<Background> all = EnumSet.allOf(Background.class);
    SemanticSegmentation.Options dense =
        new SemanticSegmentation.Options(
            48, 3, 0, PromptTemplates.brief(), Background.TEXT, .1, .5);
    var together = SemanticSegmentation.run(model, pixels(), dense, all);
    CompositionSettings settings =
        new CompositionSettings(
            CompositionForm.SCORES_FIRST, new ScoreSettings(.1, 0, 1, 8), ProposalSettings.DEFAULT);
    HeadComposition.Options heads =
        new HeadComposition.Options(0, 2, 0, PromptTemplates.brief(), Background.TEXT, settings, 2);
    var composed = HeadComposition.run(model, pixels(), heads, all);
    for (Background background : all) {
      SemanticSegmentation.Options alone =
          new SemanticSegmentation.Options(48, 3, 0, PromptTemplates.brief(), background, .1, .5);
      assertEquals(
          SemanticSegmentation.run(model, pixels(), alone).perImage().pixels(),
          together.get(background).perImage().pixels());
      HeadComposition.Options headsAlone =
          new HeadComposition.Options(0, 2, 0, PromptTemplates.brief(), background, settings, 2);
      assertEquals(
          HeadComposition.run(model, pixels(), headsAlone).perImage().pixels(),
          composed.get(background).perImage().pixels());
    }
    assertEquals(
        List.of("sample 0", "sample 1", "sample 2", "sample 3", "sample 4"),
        composed.get(Background.TEXT).perImage().images());
    // Excluding the background leaves two thirds of the pixels, none of them named background.
    assertEquals(5 * 4 * 81, together.get(Background.EXCLUDED).scores().pixels());
    assertTrue(
        together.get(Background.EXCLUDED).perImage().pixels().get(0).stream()
            .allMatch(found -> found.label() > 0));
  }

  @Test
  void pointsAndBoxesAreDrawnWithAndWithoutRefinement() {
    LabelMap map = Pictures.labels(9, ".R", "RR.", "R..");
    List<Double> box = Arrays.stream(map.toMask().boundingBox()).boxed().toList();
    CocoInstances.Instance object =
        new CocoInstances.Instance(1, 0, 1, box, 243, false, map.toMask());
    CocoInstances.Item item =
        new CocoInstances.Item(
            1, "a", Pictures.image(9, "RR.", "R.."), List.of(object, object, object));
    for (InstanceSegmentation.Prompt prompt : InstanceSegmentation.Prompt.values()) {
      for (boolean refine : new boolean[] {false, true}) {
        InstanceSegmentation.Result result =
            InstanceSegmentation.run(
                model,
                Pictures.set(List.of("thing"), List.of(item, item)),
                new InstanceSegmentation.Options(List.of(prompt), 0, 2, 0, 2, refine));
        assertEquals(6, result.objects());
        assertTrue(result.miou(prompt) >= 0 && result.miou(prompt) <= 1, result.toString());
      }
    }
  }

  @Test
  void nothingIsLeftInTheModelsManager() {
    long before = manager.getManagedArrays().size();
    compositionTakesAnyNumberOfPointsAndPromptsAtAnySide();
    masksComeFirstFromAnyPointsAtAnySideAndWithAnyBackground();
    pointsAndBoxesAreDrawnWithAndWithoutRefinement();
    assertEquals(before, manager.getManagedArrays().size());
  }
}
