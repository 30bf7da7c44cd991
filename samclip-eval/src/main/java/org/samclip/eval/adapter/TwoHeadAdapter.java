package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.HeadFeatures;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/** A model with two heads on one backbone, as the protocols see it. */
public final class TwoHeadAdapter implements TwoHeadModel {

  private final TwoHeadedModel model;
  private final ImageTextAdapter comparing;
  private final PromptedMaskAdapter drawing;

  /**
   * @param model the model, which stays the caller's
   */
  public TwoHeadAdapter(TwoHeadedModel model) {
    this.model = model;
    comparing = new ImageTextAdapter(model);
    drawing = new PromptedMaskAdapter(model);
  }

  @Override
  public int imageSide() {
    return comparing.imageSide();
  }

  @Override
  public Normalisation normalisation() {
    return comparing.normalisation();
  }

  @Override
  public Device device() {
    return comparing.device();
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return comparing.embedImages(images);
  }

  @Override
  public NDArray patchFeatures(NDArray images) {
    return comparing.patchFeatures(images);
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return comparing.embedTexts(manager, texts);
  }

  @Override
  public HeadFeatures features(NDArray images) {
    List<NDArray> results =
        Inference.several(
            images.getManager(),
            () -> {
              TwoHeadedModel.Features features = model.features(images);
              return List.of(features.patches(), features.tokens(), features.neck());
            });
    return new HeadFeatures(results.get(0), results.get(1), results.get(2));
  }

  @Override
  public NDArray embedRegions(NDArray tokens, List<long[]> regions) {
    return Inference.one(tokens.getManager(), () -> model.embedRegions(tokens, regions));
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return drawing.encodeImages(images);
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    return drawing.masks(embedding, prompts);
  }
}
