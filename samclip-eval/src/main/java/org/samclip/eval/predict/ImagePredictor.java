package org.samclip.eval.predict;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.predict.ImagePrediction.Array;
import org.samclip.eval.segment.Composition;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.HeadFeatures;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/**
 * Answers prompts and texts for one image, by a model of any kind and at its own side.
 *
 * <p>Texts are scored as in zero-shot classification: centre crop, cosine with the mean embedding
 * of the text's sentences. A merged model also draws a mask for each text by both heads together;
 * what belongs to none of the texts is "background", which competes as one more text.
 *
 * @param model the model
 * @param templates sentences for the texts
 * @param settings how scores become probabilities, and both heads are composed
 */
public record ImagePredictor(
    OpenModel model, PromptTemplates templates, CompositionSettings settings) {

  private static final String BACKGROUND = "background";

  private static final int PROMPTS_PER_PASS = 16;

  /**
   * With the recipe's default settings.
   *
   * @param model any model
   * @param templates sentences for the texts
   */
  public ImagePredictor(OpenModel model, PromptTemplates templates) {
    this(model, templates, CompositionSettings.DEFAULT);
  }

  /**
   * Answers.
   *
   * @param image any image
   * @param prompts in pixels of the image
   * @param texts names of things
   * @return the answers
   * @throws UserError if there is nothing to answer, the model cannot answer it, or a prompt is not
   *     inside the image
   */
  public ImagePrediction predict(RgbImage image, List<MaskPrompt> prompts, List<String> texts) {
    check(image, prompts, texts);
    Map<String, Array> arrays = new LinkedHashMap<>();
    List<DrawnMask> masks = List.of();
    List<TextAnswer> answers = List.of();
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device())) {
      HeadFeatures both = null;
      NDArray neck = null;
      NDArray patches = null;
      SamPreprocess.Frame frame = null;
      if (model.hasMasks()) {
        PromptedMaskModel drawing = model.masks("prompts");
        int side = drawing.imageSide();
        SamPreprocess preprocess = new SamPreprocess(side, drawing.normalisation());
        frame = preprocess.frame(image.width(), image.height());
        NDArray input = ImageBatch.of(manager, List.of(preprocess.apply(image)), side);
        if (model.hasText()) {
          both = model.twoHeads("both heads").features(input);
          neck = both.neck();
          patches = both.patches();
        } else {
          neck = drawing.encodeImages(input);
        }
        arrays.put("sam_embedding", array(neck));
        masks = new MaskDrawer(drawing, side).draw(neck, frame, prompts);
      }
      if (model.hasText()) {
        ImageTextModel comparing = model.imageText("texts");
        if (patches == null) {
          patches = patches(manager, comparing, image);
        }
        arrays.put("patch_features", array(patches));
        NDArray embedding = embedding(manager, comparing, image);
        arrays.put("image_embedding", array(embedding));
        if (!texts.isEmpty()) {
          answers = scores(manager, comparing, embedding, texts);
        }
        if (!texts.isEmpty() && both != null) {
          answers = withMasks(answers, manager, image, frame, both);
        }
      }
    }
    return new ImagePrediction(masks, answers, arrays);
  }

  private void check(RgbImage image, List<MaskPrompt> prompts, List<String> texts) {
    if (prompts.isEmpty() && texts.isEmpty()) {
      throw new UserError("no prompt: give a text, a point or a box");
    }
    if (!prompts.isEmpty()) {
      model.masks("a point or box");
    }
    if (!texts.isEmpty()) {
      model.imageText("a text");
    }
    for (String text : texts) {
      if (text.isBlank()) {
        throw new UserError("text: an empty one found in " + texts + "; leave it out");
      }
    }
    if (texts.stream().distinct().count() < texts.size()) {
      throw new UserError("text: " + texts + " names the same thing twice");
    }
    prompts.forEach(prompt -> prompt.requireInside(image.width(), image.height()));
  }

  private static NDArray patches(NDManager manager, ImageTextModel comparing, RgbImage image) {
    int side = comparing.imageSide();
    RgbImage square = Resampling.BICUBIC.resize(image, side, side);
    return comparing.patchFeatures(
        ImageBatch.of(manager, List.of(comparing.normalisation().apply(square)), side));
  }

  private static NDArray embedding(NDManager manager, ImageTextModel comparing, RgbImage image) {
    int side = comparing.imageSide();
    ClipPreprocess preprocess = new ClipPreprocess(side, comparing.normalisation());
    return comparing.embedImages(ImageBatch.of(manager, List.of(preprocess.apply(image)), side));
  }

  private List<TextAnswer> scores(
      NDManager manager, ImageTextModel comparing, NDArray embedding, List<String> texts) {
    List<TextAnswer> answers = new ArrayList<>();
    try (TextClassifier classifier = TextClassifier.of(manager, comparing, texts, templates)) {
      NDArray cosines = classifier.scores(embedding);
      float[] cosine = cosines.toFloatArray();
      float[] probability = cosines.div(settings.scores().temperature()).softmax(1).toFloatArray();
      for (int i = 0; i < texts.size(); i++) {
        answers.add(new TextAnswer(texts.get(i), cosine[i], probability[i], null, null, null));
      }
    }
    return answers;
  }

  private List<TextAnswer> withMasks(
      List<TextAnswer> answers,
      NDManager manager,
      RgbImage image,
      SamPreprocess.Frame frame,
      HeadFeatures features) {
    TwoHeadModel heads = model.twoHeads("masks of texts");
    List<String> classes = new ArrayList<>(answers.stream().map(TextAnswer::text).toList());
    if (Background.indexIn(classes) < 0) {
      classes.add(BACKGROUND);
    }
    DenseTask task = new DenseTask(classes, LabelMapFolder.IGNORE, Background.TEXT);
    try (TextClassifier classifier = TextClassifier.of(manager, heads, classes, templates)) {
      Composition composition =
          settings
              .composer(heads, task, classifier, heads.imageSide(), PROMPTS_PER_PASS)
              .compose(features, frame, image.height(), image.width());
      List<TextAnswer> drawn = new ArrayList<>();
      for (int label = 0; label < answers.size(); label++) {
        drawn.add(withMask(answers.get(label), label, composition, image));
      }
      return drawn;
    }
  }

  private static TextAnswer withMask(
      TextAnswer answer, int label, Composition composition, RgbImage image) {
    byte[] mask = new byte[composition.labels().length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (composition.labels()[i] == label ? 1 : 0);
    }
    List<Composition.Part> parts =
        composition.parts().stream().filter(p -> p.label() == label).toList();
    return new TextAnswer(
        answer.text(),
        answer.cosine(),
        answer.probability(),
        new LabelMap(image.width(), image.height(), mask),
        parts.stream().map(Composition.Part::predictedIou).max(Float::compare).orElse(null),
        parts.stream()
            .map(Composition.Part::logits)
            .reduce(NDArray::maximum)
            .map(NDArray::toFloatArray)
            .orElse(null));
  }

  /** Without the axis of the batch. */
  private static Array array(NDArray one) {
    return new Array(one.toFloatArray(), one.getShape().slice(1).getShape());
  }
}
