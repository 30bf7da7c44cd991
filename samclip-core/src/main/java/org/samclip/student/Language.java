package org.samclip.student;

import java.util.Optional;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;
import org.samclip.text.TextEncoder;

/**
 * The text side of a merged model.
 *
 * @param text the frozen text tower with its tokenizer
 * @param head name of the head whose outputs lie in the tower's space
 */
public record Language(TextEncoder text, String head) {

  /**
   * The text side of a model, for another one to keep.
   *
   * @param model any
   * @param head name of the other model's head whose outputs lie in the tower's space
   * @return the text side, if the model has one that stands alone
   */
  public static Optional<Language> of(VisionModel model, String head) {
    return model
        .as(TextAlignedModel.class)
        .flatMap(TextAlignedModel::textEncoder)
        .map(text -> new Language(text, head));
  }
}
