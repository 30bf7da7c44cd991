package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.model.TextAlignedModel;

/** A model that compares images with texts, as the zero-shot protocols see it. */
public final class ImageTextAdapter implements ImageTextModel {

  private final TextAlignedModel model;

  /**
   * @param model the model, which stays the caller's
   */
  public ImageTextAdapter(TextAlignedModel model) {
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
  public NDArray embedImages(NDArray images) {
    return Inference.one(images.getManager(), () -> model.embedImages(images));
  }

  @Override
  public NDArray patchFeatures(NDArray images) {
    return Inference.one(images.getManager(), () -> model.embedPatches(images));
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return Inference.one(manager, () -> model.embedTexts(manager, texts));
  }
}
