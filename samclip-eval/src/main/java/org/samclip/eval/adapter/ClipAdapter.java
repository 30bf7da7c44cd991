package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.clip.Clip;
import org.samclip.clip.DenseForm;
import org.samclip.clip.Tokenizer;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.kernel.Kernels;
import org.samclip.model.ClipModel;

/** A CLIP as the zero-shot protocols see it. */
public final class ClipAdapter implements ImageTextModel {

  private final Clip clip;
  private final Tokenizer tokenizer;
  private final DenseForm dense;

  /**
   * @param model towers and tokenizer, which stay the caller's
   * @param dense how a patch gets its feature
   */
  public ClipAdapter(ClipModel model, DenseForm dense) {
    this.clip = model.clip();
    this.tokenizer = model.tokenizer();
    this.dense = dense;
  }

  @Override
  public int imageSide() {
    return clip.config().vision().imageSide();
  }

  @Override
  public Normalisation normalisation() {
    return Normalisation.CLIP;
  }

  @Override
  public Device device() {
    return Inference.device(clip);
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return Inference.one(images.getManager(), () -> clip.embedImages(images));
  }

  @Override
  public NDArray patchFeatures(NDArray images) {
    return Inference.one(
        images.getManager(),
        () ->
            Kernels.normalize(clip.visual().patchFeatures(images, dense).transpose(0, 2, 3, 1))
                .transpose(0, 3, 1, 2));
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return Inference.embedTexts(manager, texts, clip.text(), tokenizer);
  }
}
