package org.samclip.model;

import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.nn.SizeLimits;

/**
 * A merged model that can be used: one backbone with both heads, and the CLIP teacher's frozen text
 * tower with its tokenizer.
 *
 * @param model backbone and heads
 * @param text the frozen text tower
 * @param tokenizer the text tower's tokenizer
 * @param provenance where the weights come from, if the file says it
 */
public record SamClipModel(
    SamClip model, TextTower text, Tokenizer tokenizer, Optional<Provenance> provenance) {

  /**
   * @return the sizes
   */
  public Sizes sizes() {
    return new Sizes(model.config(), text.config());
  }

  /**
   * Sizes of a merged model.
   *
   * @param model backbone and heads
   * @param text of the CLIP whose text tower it keeps
   */
  public record Sizes(SamClipConfig model, ClipConfig text) {
    public Sizes {
      SizeLimits.present("merged model", "model", model);
      SizeLimits.present("merged model", "text", text);
      if (model.clipHead().embedDim() != text.embedDim()) {
        throw new UserError(
            "merged model: the CLIP head gives "
                + model.clipHead().embedDim()
                + " numbers, the text tower "
                + text.embedDim());
      }
    }
  }
}
