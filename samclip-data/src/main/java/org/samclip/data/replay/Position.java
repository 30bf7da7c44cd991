package org.samclip.data.replay;

import org.samclip.UserError;

/**
 * A place in a replay stream; save it to go on from there.
 *
 * @param epoch passes completed, from 0
 * @param drawn samples drawn in this pass, broken ones included
 */
public record Position(long epoch, long drawn) {

  /** The beginning. */
  public static final Position START = new Position(0, 0);

  /** Checks the ranges. */
  public Position {
    if (epoch < 0 || drawn < 0) {
      throw new UserError("stream position " + epoch + "/" + drawn + ", allowed: from 0 on");
    }
  }
}
