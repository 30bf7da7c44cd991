package org.samclip.eval.predict;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import java.util.List;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.segment.PromptedMaskModel;

/**
 * Masks from points and boxes by a DJL predictor. The predictor's block reads the image, and its
 * last output is SAM's image embedding: {@link org.samclip.student.Student} or {@link
 * org.samclip.vitdet.ImageEncoder}. Translators hold no state and may serve several predictors.
 */
public final class PromptedSegmentationTranslator
    implements NoBatchifyTranslator<PromptedImage, List<DrawnMask>> {

  private static final String QUESTION = "samclip.question";

  private final PromptedMaskModel model;
  private final SamPreprocess preprocess;

  private record Question(SamPreprocess.Frame frame, List<MaskPrompt> prompts) {}

  /**
   * @param model of kind samclip or sam, which stays the caller's
   * @throws org.samclip.UserError if it is of another kind
   */
  public PromptedSegmentationTranslator(OpenModel model) {
    this(model.masks("prompted segmentation"));
  }

  /**
   * @param model whose SAM head draws, and whose image encoder is the predictor's block
   */
  public PromptedSegmentationTranslator(PromptedMaskModel model) {
    this.model = model;
    preprocess = new SamPreprocess(model.imageSide(), model.normalisation());
  }

  /** Output: the image as {@code [1, 3, S, S]}. */
  @Override
  public NDList processInput(TranslatorContext context, PromptedImage input) {
    RgbImage image = DjlImage.toRgb(context.getNDManager(), input.image());
    input.prompts().forEach(prompt -> prompt.requireInside(image.width(), image.height()));
    SamPreprocess.Frame frame = preprocess.frame(image.width(), image.height());
    context.setAttachment(QUESTION, new Question(frame, input.prompts()));
    return new NDList(
        ImageBatch.of(context.getNDManager(), List.of(preprocess.apply(image)), preprocess.size()));
  }

  /** One mask for every prompt, in their order. */
  @Override
  public List<DrawnMask> processOutput(TranslatorContext context, NDList outputs) {
    Question question = (Question) context.getAttachment(QUESTION);
    NDArray embedding = outputs.get(outputs.size() - 1);
    embedding.attach(context.getNDManager());
    return new MaskDrawer(model, preprocess.size())
        .draw(embedding, question.frame(), question.prompts());
  }
}
