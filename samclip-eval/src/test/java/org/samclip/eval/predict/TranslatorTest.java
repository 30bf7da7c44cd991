package org.samclip.eval.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.TranslateException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorType;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.Pictures;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.RandomModels;
import org.samclip.model.SamModel;
import org.samclip.student.MergedModel;

/** Predictors of DJL answer what {@link ImagePredictor} answers. */
class TranslatorTest {

  private static final RgbImage PICTURE = Pictures.image(9, "RG.BB", "B.GRR", "RRRGG");
  private static final Image IMAGE =
      ImageFactory.getInstance().fromImage(PICTURE.toBufferedImage());
  private static final List<String> TEXTS = List.of("red", "green", "blue");
  private static final List<MaskPrompt> PROMPTS =
      List.of(
          new MaskPrompt.Box(3, 4, 30, 20),
          new MaskPrompt.Points(List.of(new MaskPrompt.Point(12, 9, true))),
          new MaskPrompt.Points(
              List.of(new MaskPrompt.Point(12, 9, true), new MaskPrompt.Point(40, 3, false))));

  @TempDir Path folder;

  private OpenModel open(String kind) {
    Path file = folder.resolve(kind + ".safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      switch (kind) {
        case SamModel.KIND -> ModelFile.write(file, RandomModels.sam(manager), TensorType.F32);
        case ClipModel.KIND -> ModelFile.write(file, RandomModels.clip(manager), TensorType.F32);
        default -> ModelFile.write(file, RandomModels.merged(manager), TensorType.F32);
      }
    }
    return OpenModel.read(file, Device.cpu());
  }

  @Test
  void masksAreThoseOfThePredictor() throws TranslateException {
    for (String kind : List.of(SamModel.KIND, MergedModel.KIND)) {
      try (OpenModel open = open(kind);
          Model model = open.toDjl();
          Predictor<PromptedImage, List<DrawnMask>> predictor =
              model.newPredictor(new PromptedSegmentationTranslator(open))) {
        List<DrawnMask> expected =
            new ImagePredictor(open, PromptTemplates.brief())
                .predict(PICTURE, PROMPTS, List.of())
                .masks();
        List<DrawnMask> drawn = predictor.predict(new PromptedImage(IMAGE, PROMPTS));
        assertEquals(PROMPTS.size(), drawn.size());
        for (int i = 0; i < drawn.size(); i++) {
          assertEquals(expected.get(i).prompt(), drawn.get(i).prompt());
          assertArrayEquals(expected.get(i).logits(), drawn.get(i).logits(), 1e-5f);
          assertEquals(expected.get(i).predictedIou(), drawn.get(i).predictedIou(), 1e-5f);
        }
        MaskPrompt outside = new MaskPrompt.Points(List.of(new MaskPrompt.Point(45, 3, true)));
        TranslateException refused =
            assertThrows(
                TranslateException.class,
                () -> predictor.predict(new PromptedImage(IMAGE, List.of(outside))));
        assertInstanceOf(UserError.class, refused.getCause());
      }
    }
  }

  @Test
  void textsAreThoseOfThePredictor() throws TranslateException {
    for (String kind : List.of(ClipModel.KIND, MergedModel.KIND)) {
      try (OpenModel open = open(kind);
          Model model = open.toDjl();
          Predictor<Image, Classifications> predictor =
              model.newPredictor(new ImageTextTranslator(open, TEXTS, PromptTemplates.brief()))) {
        List<TextAnswer> expected =
            new ImagePredictor(open, PromptTemplates.brief())
                .predict(PICTURE, List.of(), TEXTS)
                .texts();
        List<Classifications> both = predictor.batchPredict(List.of(IMAGE, IMAGE));
        for (Classifications found : both) {
          for (TextAnswer answer : expected) {
            assertEquals(answer.probability(), found.get(answer.text()).getProbability(), 1e-4);
          }
        }
        assertTrue(both.get(0).best().getProbability() > 1 / 3.);
      }
    }
  }

  @Test
  void modelsThatCannotAreRefused() {
    try (OpenModel sam = open(SamModel.KIND);
        OpenModel clip = open(ClipModel.KIND)) {
      assertThrows(UserError.class, () -> new PromptedSegmentationTranslator(clip));
      assertThrows(
          UserError.class, () -> new ImageTextTranslator(sam, TEXTS, PromptTemplates.brief()));
    }
  }
}
