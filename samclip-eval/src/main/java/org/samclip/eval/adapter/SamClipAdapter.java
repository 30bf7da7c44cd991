package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.kernel.Kernels;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/**
 * A merged model as the protocols see it: images enter with SAM's normalisation for both heads,
 * texts through the frozen text tower.
 */
public final class SamClipAdapter implements TwoHeadModel {

  private final SamClip model;
  private final TextTower text;
  private final Tokenizer tokenizer;

  /**
   * @param model the model, which stays the caller's
   */
  public SamClipAdapter(SamClipModel model) {
    this(model.model(), model.text(), model.tokenizer());
  }

  /**
   * A model that need not come from a file, such as one in training.
   *
   * @param model backbone and heads
   * @param text the frozen text tower, on the same device
   * @param tokenizer the text tower's tokenizer
   */
  public SamClipAdapter(SamClip model, TextTower text, Tokenizer tokenizer) {
    this.model = model;
    this.text = text;
    this.tokenizer = tokenizer;
  }

  @Override
  public int imageSide() {
    return model.config().encoder().imageSide();
  }

  @Override
  public Normalisation normalisation() {
    return Normalisation.SAM;
  }

  @Override
  public Device device() {
    return Inference.device(model);
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return Inference.one(
        images.getManager(),
        () -> Kernels.normalize(model.clipHead().forward(model.imageEncoder().tokens(images))));
  }

  @Override
  public NDArray patchFeatures(NDArray images) {
    return Inference.one(
        images.getManager(),
        () ->
            model.clipHead().dense(model.clipHead().features(model.imageEncoder().tokens(images))));
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return Inference.embedTexts(manager, texts, text, tokenizer);
  }

  @Override
  public SamClip.Features features(NDArray images) {
    List<NDArray> results =
        Inference.several(
            images.getManager(),
            () -> {
              SamClip.Features features = model.features(images);
              return List.of(
                  features.image(), features.patches(), features.tokens(), features.neck());
            });
    return new SamClip.Features(results.get(0), results.get(1), results.get(2), results.get(3));
  }

  @Override
  public NDArray embedRegions(NDArray tokens, List<long[]> regions) {
    return Inference.one(
        tokens.getManager(), () -> Kernels.normalize(model.clipHead().pooled(tokens, regions)));
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return Inference.one(images.getManager(), () -> model.imageEncoder().forward(images));
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    return SamAdapter.masks(model.samHead(), embedding, prompts);
  }
}
