package org.samclip.data.scenes;

import java.util.Objects;
import org.samclip.UserError;

/**
 * What a set of scenes on disk contains. Two sets with equal options have equal pixels.
 *
 * @param seed any
 * @param size side of all images in pixels, 16..2048
 * @param clip images with captions for training, at least 0
 * @param sam images with masks for training, at least 0
 * @param nouns which classes the training images show
 * @param crops single-object images of the validation, and as many of the test, at least 0
 * @param scenes scenes with label maps and instances of each of the two, at least 0
 * @param composition how scenes are composed
 */
public record SceneSetOptions(
    long seed,
    int size,
    int clip,
    int sam,
    Nouns nouns,
    int crops,
    int scenes,
    SceneOptions composition) {

  private static final int MOST = 10_000_000;

  /** Checks the ranges. */
  public SceneSetOptions {
    if (size < 16 || size > 2048) {
      throw new UserError("size " + size + ": allowed are 16..2048 pixels, for example 128");
    }
    requireCount("clip", clip);
    requireCount("sam", sam);
    requireCount("crops", crops);
    requireCount("scenes", scenes);
    Objects.requireNonNull(nouns, "nouns");
    Objects.requireNonNull(composition, "composition");
  }

  /** What {@code samclip data scenes} writes unless told otherwise. */
  public static SceneSetOptions defaults() {
    return new SceneSetOptions(
        1, 128, 20_000, 10_000, Nouns.DISTILLED, 1_600, 400, SceneOptions.defaults());
  }

  private static void requireCount(String name, int value) {
    if (value < 0 || value > MOST) {
      throw new UserError(name + " " + value + ": allowed are 0.." + MOST + " images");
    }
  }
}
