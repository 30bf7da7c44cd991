package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import org.samclip.clip.DenseForm;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextTokenizer;

/** A model that puts images, their patches and texts into one space of width E. */
public interface TextAlignedModel extends VisionModel {

  /**
   * @param images [B, 3, H, W], normalised
   * @return [B, E], unit length
   */
  NDArray embedImages(NDArray images);

  /**
   * @param images [B, 3, H, W], normalised
   * @return [B, E, h, w], unit length over E
   */
  NDArray embedPatches(NDArray images);

  /**
   * @param manager owns the result, on {@link #device()}
   * @param texts N texts
   * @return [N, E], unit length
   */
  NDArray embedTexts(NDManager manager, List<String> texts);

  /**
   * @return the text side's tokenizer, to be closed by the model's owner
   */
  TextTokenizer tokenizer();

  /**
   * @return the text side alone, which a merged model can keep as its frozen text tower; empty if
   *     there is nothing that could be kept. Weights and tokenizer stay this model's
   */
  default Optional<TextEncoder> textEncoder() {
    return Optional.empty();
  }

  /**
   * Chooses how a patch gets its feature, where the network has not learned it.
   *
   * @param form what the last block does
   * @return the same weights with that choice; without one this model
   */
  default TextAlignedModel withDense(DenseForm form) {
    return this;
  }
}
