package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.Background;
import org.samclip.eval.Pictures;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipHeadConfig;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipConfig;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/** The protocols on the real blocks with random weights: every form of prompt fits them. */
class SamClipProtocolsTest {

  private static final int EMBED = 8;
  private static final List<String> CLASSES = List.of("background", "red", "green", "blue");

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final RandomModel model = new RandomModel(manager);

  @AfterEach
  void close() {
    manager.close();
  }

  /** A merged model with random weights; a text is a fixed random direction. */
  private record RandomModel(SamClip model) implements TwoHeadModel {

    RandomModel(NDManager manager) {
      this(
          new SamClip(
              new SamClipConfig(
                  new ViTDetConfig(8, 4, 32, 2, 2, 2, 2, List.of(1), 32),
                  new SamHeadConfig(32, 2, 1, 32, 4, 3, 2, 32),
                  new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, EMBED))));
      model.initialize(manager, 5);
    }

    @Override
    public int imageSide() {
      return 32;
    }

    @Override
    public Normalisation normalisation() {
      return Normalisation.SAM;
    }

    @Override
    public Device device() {
      return Device.cpu();
    }

    @Override
    public NDArray embedImages(NDArray images) {
      return Kernels.normalize(model.features(images).image());
    }

    @Override
    public NDArray patchFeatures(NDArray images) {
      return model.features(images).patches();
    }

    @Override
    public NDArray embedTexts(NDManager target, List<String> texts) {
      float[] rows = new float[texts.size() * EMBED];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (float) Math.sin(1 + texts.get(i / EMBED).hashCode() % 1000 * (1 + i % EMBED));
      }
      return Kernels.normalize(target.create(rows, new Shape(texts.size(), EMBED)));
    }

    @Override
    public SamClip.Features features(NDArray images) {
      return model.features(images);
    }

    @Override
    public NDArray encodeImages(NDArray images) {
      return model.features(images).neck();
    }

    @Override
    public Masks masks(NDArray embedding, Prompts prompts) {
      return model.samHead().masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
    }
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
        HeadComposition.Result result =
            HeadComposition.run(
                model,
                pixels(),
                new HeadComposition.Options(
                    side, 2, 0, PromptTemplates.brief(), Background.TEXT, .1, points, 0, 8, 2));
        assertTrue(result.miou() >= 0 && result.miou() <= 1, result.toString());
        assertEquals(5 * 6 * 81, result.scores().pixels());
        assertEquals(side == 0 ? 32 : side, result.side());
      }
    }
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
                new InstanceSegmentation.Options(prompt, 0, 2, 0, 2, refine));
        assertEquals(6, result.objects());
        assertTrue(result.miou() >= 0 && result.miou() <= 1, result.toString());
      }
    }
  }

  @Test
  void nothingIsLeftInTheModelsManager() {
    long before = manager.getManagedArrays().size();
    compositionTakesAnyNumberOfPointsAndPromptsAtAnySide();
    pointsAndBoxesAreDrawnWithAndWithoutRefinement();
    assertEquals(before, manager.getManagedArrays().size());
  }
}
