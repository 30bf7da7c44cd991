package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.UserError;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.MaskProposer.Box;
import org.samclip.eval.segment.ProposalSettings.Points;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/**
 * Masks first, on pictures of plain colours: the true masks and names are known. Of the three masks
 * of a point the model says: everything (IoU .2), the colour at the point (.9), nothing (.3).
 */
class MasksFirstTest {

  private static final List<String> COLOURS = List.of("red", "green", "blue");

  /** What the model is sure of: the masks of colours. */
  private static final double SURE = .5;

  private static HeadComposition.Result run(
      TwoHeadModel model,
      Background background,
      double threshold,
      ProposalSettings masks,
      List<String> classes,
      LabelMapFolder.Item... samples) {
    CompositionSettings composing =
        new CompositionSettings(
            CompositionForm.MASKS_FIRST, new ScoreSettings(.1, threshold, 2, 8), masks);
    return HeadComposition.run(
        model,
        Pictures.set(classes, List.of(samples)),
        new HeadComposition.Options(
            16, 2, 0, new PromptTemplates(List.of("{}")), background, composing, 3));
  }

  private static ProposalSettings masks(Points points, double predictedIou) {
    return new ProposalSettings(points, 4, predictedIou, .9, .7);
  }

  private static LabelMapFolder.Item sample(String letters, String... rows) {
    return new LabelMapFolder.Item("a", Pictures.image(4, rows), Pictures.labels(4, letters, rows));
  }

  @ParameterizedTest
  @EnumSource(Points.class)
  void everyMaskIsDrawnOnceAndNamed(Points points) {
    LabelMapFolder.Item three = sample("RGB", "RRGG", "RRGG", "BBBB", "BBBB");
    LabelMapFolder.Item one = sample("RGB", "GGGG", "GGGG", "GGGG", "GGGG");
    for (Background background : Background.values()) {
      ColourModel model = new ColourModel(16);
      HeadComposition.Result result =
          run(model, background, .5, masks(points, SURE), COLOURS, three, one);
      assertEquals(1, result.miou(), background.toString());
      assertEquals(4, result.prompts());
      assertTrue(model.areManagersClosed());
    }
  }

  /** Black is no colour: as likely red as green, and by the text it is the background. */
  @ParameterizedTest
  @EnumSource(
      value = Background.class,
      names = {"TEXT", "THRESHOLD"})
  void whatHasNoNameIsBackground(Background background) {
    LabelMapFolder.Item sample = sample(".RG", "RR..", "RR..", "....", "...G");
    List<String> classes = List.of("background", "red", "green");
    HeadComposition.Result result =
        run(new ColourModel(16), background, .6, masks(Points.GRID, SURE), classes, sample);
    assertEquals(1, result.miou());
    assertEquals(2, result.prompts());
  }

  /** The model is sure of one mask only: that of everything, which is three parts red. */
  @Test
  void aMaskWhoseNameIsNotSureLeavesItsPixelsToThePatches() {
    LabelMapFolder.Item sample = sample("RG", "RRRG", "RRRG", "RRRG", "RRRG");
    // Cosines of (3, 1) and red, green differ by .63: at temperature .1 red has .998.
    ProposalSettings all = new ProposalSettings(Points.GRID, 4, .5, .9, 1);
    for (double threshold : new double[] {.99, .999}) {
      HeadComposition.Result result =
          run(
              new Altered(.9f, .3f),
              Background.EXCLUDED,
              threshold,
              all,
              List.of("red", "green"),
              sample);
      boolean sure = threshold < .998;
      assertEquals(sure ? 16 : 0, result.prompts());
      assertEquals(sure ? .75 : 1, result.scores().pixelAccuracy());
    }
  }

  @Test
  void whereNothingIsFoundPatchesDecideOrItIsBackground() {
    LabelMapFolder.Item three = sample("RGB", "RRGG", "RRGG", "BBBB", "BBBB");
    ProposalSettings none = masks(Points.GRID, .95);
    HeadComposition.Result patches =
        run(new ColourModel(16), Background.EXCLUDED, .5, none, COLOURS, three);
    assertEquals(0, patches.prompts());
    assertEquals(1, patches.miou());
    List<String> classes = List.of("red", "green", "blue", "background");
    HeadComposition.Result background =
        run(new ColourModel(16), Background.THRESHOLD, .5, none, classes, three);
    assertEquals(0, background.prompts());
    assertEquals(0, background.scores().pixelAccuracy());
  }

  @Test
  void theSurerNameAndMaskWinsWhereMasksOverlap() {
    LabelMapFolder.Item sample = sample("RG", "RRRR", "RRRR", "RRRR", "RRRG");
    ProposalSettings all = masks(Points.GRID, .1);
    ProposalSettings overlapping = new ProposalSettings(Points.GRID, 4, .1, .9, 1);
    List<String> classes = List.of("red", "green");
    // Everything is called red with an IoU of .2, the corner is called green with .9.
    HeadComposition.Result inner =
        run(new ColourModel(16), Background.EXCLUDED, .5, overlapping, classes, sample);
    assertEquals(1, inner.miou());
    // The same masks, but the model is surer of everything than of the colours.
    HeadComposition.Result outer =
        run(new Altered(.95f, .3f), Background.EXCLUDED, .5, overlapping, classes, sample);
    assertEquals(15 / 16., outer.scores().pixelAccuracy());
    // The box of everything is that of the red part: as one thing, the surer of both stays.
    HeadComposition.Result apart =
        run(new Altered(.95f, .3f), Background.EXCLUDED, .5, all, classes, sample);
    assertEquals(2, apart.prompts());
    assertTrue(inner.prompts() > 2, inner.toString());
  }

  @Test
  void paddingIsNeverPooled() {
    // Padding is black as the lower row; the masks of black and of everything reach into it.
    LabelMapFolder.Item wide = sample("G", "GGGG", "....");
    Altered model = new Altered(.9f, .9f);
    ProposalSettings all = new ProposalSettings(Points.GRID, 4, .1, .9, 1);
    run(model, Background.EXCLUDED, .5, all, List.of("green", "blue"), wide);
    assertTrue(model.regions.stream().flatMapToLong(Arrays::stream).allMatch(t -> t < 8));
    assertTrue(model.regions.stream().anyMatch(r -> r.length == 8), "everything but the padding");
    assertTrue(model.regions.stream().anyMatch(r -> Arrays.equals(r, new long[] {4, 5, 6, 7})));
  }

  @Test
  void masksThatTheModelIsNotSureOfAreLeftOut() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SamPreprocess preprocess = new SamPreprocess(16, new ColourModel(16).normalisation());
      SamPreprocess.Frame frame = preprocess.frame(16, 16);
      float[] pixels = preprocess.apply(Pictures.image(4, "RRGG", "RRGG", "BBBB", "BBBB"));
      NDArray image = manager.create(pixels, new ai.djl.ndarray.types.Shape(1, 3, 16, 16));
      NDArray embedding = new ColourModel(16).encodeImages(image);
      float[] onRed = {3, 3};
      for (float scale : new float[] {1, .5f}) {
        PromptedMaskModel model = new Altered(.2f, .9f, scale);
        List<MaskProposer.Proposal> found =
            new MaskProposer(model, masks(Points.GRID, SURE), 16, 2)
                .propose(embedding, onRed, frame);
        // At logits of 1 and -1 the mask has no pixel above 1: its stability is 0.
        assertEquals(scale == 1 ? 1 : 0, found.size(), "scale " + scale);
        if (scale == 1) {
          assertEquals(new Box(0, 0, 8, 8), found.get(0).box());
          assertEquals(.9f, found.get(0).predictedIou());
          assertEquals(64, count(found.get(0).inside()));
        }
      }
    }
  }

  private static int count(byte[] mask) {
    int count = 0;
    for (byte value : mask) {
      count += value;
    }
    return count;
  }

  @Test
  void aGridHasTheCentresOfEqualFieldsOfTheImage() {
    MaskProposer proposer =
        new MaskProposer(
            new ColourModel(16), new ProposalSettings(Points.GRID, 2, .5, .5, .5), 16, 1);
    SamPreprocess.Frame frame = new SamPreprocess(16, Normalisation.SAM).frame(32, 16);
    // 16 x 8 pixels of the input, whose centres are whole numbers: fields of 8 x 4.
    assertArrayEquals(
        new float[] {3.5f, 1.5f, 11.5f, 1.5f, 3.5f, 5.5f, 11.5f, 5.5f}, proposer.grid(frame));
  }

  @Test
  void boxesOverlapByTheSharedPartOfTheirUnion() {
    Box box = new Box(0, 0, 4, 2);
    assertEquals(1, box.iou(box));
    assertEquals(2 / 10., box.iou(new Box(2, 1, 4, 3)));
    assertEquals(0, box.iou(new Box(4, 0, 6, 2)));
  }

  @Test
  void wrongOptionsNameTheirKey() {
    UserError error =
        assertThrows(UserError.class, () -> new ProposalSettings(Points.GRID, 0, .5, .5, .5));
    assertTrue(error.getMessage().startsWith("grid: 0"), error.getMessage());
    error = assertThrows(UserError.class, () -> masks(Points.GRID, 1.5));
    assertTrue(error.getMessage().startsWith("predicted_iou: 1.5"), error.getMessage());
  }

  /** The model of colours with other opinions of its masks; remembers what it embeds. */
  private static final class Altered implements TwoHeadModel {

    private final ColourModel model = new ColourModel(16);
    private final float everything;
    private final float colour;
    private final float scale;
    private final List<long[]> regions = new ArrayList<>();

    Altered(float everything, float colour) {
      this(everything, colour, 1);
    }

    Altered(float everything, float colour, float scale) {
      this.everything = everything;
      this.colour = colour;
      this.scale = scale;
    }

    @Override
    public Masks masks(NDArray embedding, Prompts prompts) {
      Masks masks = model.masks(embedding, prompts);
      NDArray iou =
          embedding
              .getManager()
              .create(new float[] {colour, everything, colour, 0})
              .reshape(1, 1, 4)
              .broadcast(1, prompts.count(), 4);
      return new Masks(masks.logits().mul(scale), iou);
    }

    @Override
    public NDArray embedRegions(NDArray tokens, List<long[]> wanted) {
      regions.addAll(wanted);
      return model.embedRegions(tokens, wanted);
    }

    @Override
    public HeadFeatures features(NDArray images) {
      return model.features(images);
    }

    @Override
    public NDArray embedImages(NDArray images) {
      return model.embedImages(images);
    }

    @Override
    public NDArray patchFeatures(NDArray images) {
      return model.patchFeatures(images);
    }

    @Override
    public NDArray embedTexts(NDManager manager, List<String> texts) {
      return model.embedTexts(manager, texts);
    }

    @Override
    public NDArray encodeImages(NDArray images) {
      return model.encodeImages(images);
    }

    @Override
    public int imageSide() {
      return model.imageSide();
    }

    @Override
    public Normalisation normalisation() {
      return model.normalisation();
    }

    @Override
    public Device device() {
      return model.device();
    }
  }
}
