package org.samclip.data.replay;

import org.samclip.UserError;
import org.samclip.data.source.SampleRef;

/**
 * Which samples of a source take part, decided by the hash of the key alone.
 *
 * @param subset share of the source that is used at all, over 0, at most 1
 * @param holdOut share of that subset kept from training, at least 0, under 1
 * @param side which part is meant
 */
public record Selection(double subset, double holdOut, Side side) {

  /** The two parts of a subset. */
  public enum Side {
    /** What is trained on. */
    TRAIN,
    /** What is only measured on. */
    HELD_OUT
  }

  /** Every sample of a source. */
  public static final Selection ALL = new Selection(1, 0, Side.TRAIN);

  /** Checks the shares. */
  public Selection {
    if (!(subset > 0 && subset <= 1)) {
      throw new UserError("subset: " + subset + ", allowed: over 0, at most 1 (1 is everything)");
    }
    if (!(holdOut >= 0 && holdOut < 1)) {
      throw new UserError("hold_out: " + holdOut + ", allowed: at least 0, under 1");
    }
    if (side == Side.HELD_OUT && holdOut == 0) {
      throw new UserError("hold_out: 0 leaves nothing on the held-out side, allowed: over 0");
    }
  }

  /**
   * Whether a sample takes part.
   *
   * @param key its name
   * @return whether it is selected
   */
  public boolean contains(String key) {
    if (KeyHash.share("subset", key) >= subset) {
      return false;
    }
    return KeyHash.share("hold-out", key) < holdOut == (side == Side.HELD_OUT);
  }

  /** The lost rest of a damaged shard belongs to no key: it counts on whatever side is read. */
  boolean takes(SampleRef ref) {
    return ref.isRest() || contains(ref.key());
  }
}
