package org.samclip.eval.predict;

import ai.djl.modality.Classifications;
import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.LibTorch;

/**
 * Zero-shot classification by a DJL predictor. The predictor's block reads the image, and its first
 * output is the image's embedding: {@link org.samclip.student.Student} or {@link
 * org.samclip.clip.ImageTower}. Texts are embedded once; translators may serve several predictors.
 */
public final class ImageTextTranslator implements Translator<Image, Classifications> {

  /** CLIP's own. */
  private static final double TEMPERATURE = .01;

  private final List<String> texts;
  private final float[] embeddings;
  private final ClipPreprocess preprocess;

  /**
   * @param model of kind samclip or clip
   * @param texts names of things, at least one
   * @param templates sentences for the texts
   * @throws org.samclip.UserError if the model is of another kind
   */
  public ImageTextTranslator(OpenModel model, List<String> texts, PromptTemplates templates) {
    this(model.imageText("texts"), texts, templates);
  }

  /**
   * @param model whose text tower is used, and whose image part is the predictor's block
   * @param texts names of things, at least one
   * @param templates sentences for the texts
   */
  public ImageTextTranslator(ImageTextModel model, List<String> texts, PromptTemplates templates) {
    this.texts = List.copyOf(texts);
    preprocess = new ClipPreprocess(model.imageSide(), model.normalisation());
    try (NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier = TextClassifier.of(manager, model, texts, templates)) {
      embeddings = classifier.embeddings().toFloatArray();
    }
  }

  @Override
  public Batchifier getBatchifier() {
    return Batchifier.STACK;
  }

  /** Output: the image as {@code [3, S, S]}. */
  @Override
  public NDList processInput(TranslatorContext context, Image input) {
    NDManager manager = context.getNDManager();
    int side = preprocess.size();
    float[] pixels = preprocess.apply(DjlImage.toRgb(manager, input));
    return new NDList(manager.create(pixels, new Shape(3, side, side)));
  }

  /** The texts and their probabilities: softmax of the cosines at CLIP's temperature. */
  @Override
  public Classifications processOutput(TranslatorContext context, NDList outputs) {
    float[] image = outputs.get(0).toFloatArray();
    double length = 0;
    for (float value : image) {
      length += value * value;
    }
    double[] cosines = new double[texts.size()];
    for (int text = 0; text < cosines.length; text++) {
      double product = 0;
      for (int i = 0; i < image.length; i++) {
        product += image[i] * embeddings[text * image.length + i];
      }
      cosines[text] = product / Math.sqrt(length);
    }
    try (NDArray logits = context.getNDManager().create(cosines).div(TEMPERATURE)) {
      List<Double> probabilities = new ArrayList<>();
      for (double probability : logits.softmax(0).toDoubleArray()) {
        probabilities.add(probability);
      }
      return new Classifications(texts, probabilities);
    }
  }
}
