package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.model.PromptableModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/** A model that draws masks of prompts, as the protocols see it. */
public final class PromptedMaskAdapter implements PromptedMaskModel {

  private final PromptableModel model;

  /**
   * @param model the model, which stays the caller's
   */
  public PromptedMaskAdapter(PromptableModel model) {
    this.model = model;
  }

  @Override
  public int imageSide() {
    return model.input().side();
  }

  @Override
  public Normalisation normalisation() {
    return Inference.normalisation(model);
  }

  @Override
  public Device device() {
    return model.device();
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return Inference.one(images.getManager(), () -> model.encodeImages(images));
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    List<NDArray> results =
        Inference.several(
            embedding.getManager(),
            () -> {
              Masks masks = model.masks(embedding, prompts);
              return List.of(masks.logits(), masks.iou());
            });
    return new Masks(results.get(0), results.get(1));
  }
}
