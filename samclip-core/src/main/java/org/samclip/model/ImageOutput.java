package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * One output of a network for images, whose size is known before it runs.
 *
 * @param width D, values of an image or of each place
 * @param row shape of an image's output by the image's side in pixels, without B
 * @param forward from images [B, 3, S, S], as {@link ImageInput} says, to [B, row...]
 */
public record ImageOutput(int width, IntFunction<Shape> row, UnaryOperator<NDArray> forward) {

  /**
   * @param width D
   * @param forward from images [B, 3, S, S] to [B, D]
   * @return an output for the whole image
   */
  public static ImageOutput summary(int width, UnaryOperator<NDArray> forward) {
    Shape row = new Shape(width);
    return new ImageOutput(width, side -> row, forward);
  }

  /**
   * @param width D
   * @param patch side in pixels of what a place stands for
   * @param forward from images [B, 3, S, S] to [B, D, S / patch, S / patch]
   * @return an output for every patch
   */
  public static ImageOutput spatial(int width, int patch, UnaryOperator<NDArray> forward) {
    return new ImageOutput(width, side -> new Shape(width, side / patch, side / patch), forward);
  }
}
