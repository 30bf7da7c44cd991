package org.samclip.nn;

import org.samclip.UserError;

/**
 * How large a part of a model may be. Sizes come from recipes and from files that may claim
 * anything; they are checked before they become loops and memory. Every published model is far
 * below the limits.
 */
public final class SizeLimits {

  /** Channels of a token, an embedding or a hidden layer. */
  public static final int WIDTH = 16_384;

  /** Layers of a stack. */
  public static final int DEPTH = 256;

  /** Side of a position grid or of an attention window, in tokens. */
  public static final int GRID = 1024;

  /** Side of a patch in pixels. */
  public static final int PATCH = 1024;

  /** Width of an MLP as a multiple of the tokens'. */
  public static final int MLP_RATIO = 64;

  /** Width of an MLP that is given as such. */
  public static final int MLP_WIDTH = 262_144;

  /** Token ids of a text tower. */
  public static final int VOCABULARY = 2_000_000;

  /** Tokens of a text. */
  public static final int CONTEXT = 4096;

  /** Masks for one prompt. */
  public static final int MASKS = 256;

  private SizeLimits() {}

  /**
   * @param part of the model, for the message
   * @param size name of the size, for the message
   * @param value found
   * @param least allowed
   * @param most allowed
   * @throws UserError if the value is outside
   */
  public static void check(String part, String size, double value, int least, int most) {
    if (!(value >= least && value <= most)) {
      String found = value == Math.rint(value) ? String.format("%.0f", value) : "" + value;
      throw new UserError(
          part + ": " + size + " " + found + " is out of range; allowed: " + least + " to " + most);
    }
  }

  /**
   * @param part of the model, for the message
   * @param size name of the size, for the message
   * @param value found
   * @throws UserError if there is none
   */
  public static void present(String part, String size, Object value) {
    if (value == null) {
      throw new UserError(part + ": " + size + " is missing");
    }
  }
}
