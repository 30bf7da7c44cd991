package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.model.SamModel;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHead;

/** A SAM as the protocols see it. */
public final class SamAdapter implements PromptedMaskModel {

  private final Sam sam;

  /**
   * @param model the model, which stays the caller's
   */
  public SamAdapter(SamModel model) {
    this.sam = model.sam();
  }

  @Override
  public int imageSide() {
    return sam.imageEncoder().config().imageSide();
  }

  @Override
  public Normalisation normalisation() {
    return Normalisation.SAM;
  }

  @Override
  public Device device() {
    return Inference.device(sam);
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return Inference.one(images.getManager(), () -> sam.imageEncoder().forward(images));
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    return masks(sam.head(), embedding, prompts);
  }

  /** Masks of a head, which the merged model has as well. */
  static Masks masks(SamHead head, NDArray embedding, Prompts prompts) {
    List<NDArray> results =
        Inference.several(
            embedding.getManager(),
            () -> {
              Masks masks = head.masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
              return List.of(masks.logits(), masks.iou());
            });
    return new Masks(results.get(0), results.get(1));
  }
}
