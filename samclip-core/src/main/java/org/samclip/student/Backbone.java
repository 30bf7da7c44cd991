package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Set;
import org.samclip.nn.Module;

/** A network from images to tokens, which all heads of a student share. */
public interface Backbone {

  /**
   * @return its parameters
   */
  Module module();

  /**
   * @return the kind in configs and files, such as {@code vit-det}
   */
  String kind();

  /**
   * @return side of a patch in pixels
   */
  int patch();

  /**
   * @return C, width of a token
   */
  int width();

  /**
   * @return number of blocks
   */
  int depth();

  /**
   * @return P, tokens before the patches
   */
  int prefix();

  /**
   * @return whether the first token before the patches stands for the whole image
   */
  boolean hasClassToken();

  /**
   * @return whether anything that {@link #output} is made with is to get a gradient
   */
  boolean isLearning();

  /**
   * @param side of a square image in pixels, a multiple of the patch
   * @return shape of {@link #output} for one image, without B
   */
  Shape row(int side);

  /**
   * The last tokens as one array, as caches keep them.
   *
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @return [B, row...]
   */
  NDArray output(NDArray images);

  /**
   * @param output of {@link #output}
   * @param h rows of patches
   * @param w columns of patches
   * @return the same as heads read it, without inner blocks
   */
  BackboneFeatures features(NDArray output, long h, long w);

  /**
   * Runs the backbone for a training step; gradients are recorded by the thread's mode.
   *
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @param blocks indices, from 0, of blocks whose tokens are wanted beside the last
   * @param checkpoint whether to compute each block again in the backward pass, for less memory
   * @return the pass, whose arrays belong to the images' manager
   * @throws IllegalArgumentException if there is no such block
   */
  BackbonePass pass(NDArray images, Set<Integer> blocks, boolean checkpoint);

  /**
   * Runs the backbone where no backward pass follows.
   *
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @param blocks indices, from 0, of blocks whose tokens are wanted beside the last
   * @return the tokens
   * @throws IllegalArgumentException if there is no such block
   */
  BackboneFeatures features(NDArray images, Set<Integer> blocks);

  /**
   * @param side of a square image in pixels
   * @return floating-point operations of {@link #output} for one image, as {@link
   *     org.samclip.model.Arithmetic} counts them
   */
  double operations(int side);

  /**
   * @param side of a square image in pixels
   * @return those of {@link #operations} for which a backward pass needs no gradient of the input:
   *     the patches' projection
   */
  double embeddingOperations(int side);

  /**
   * @param blocks asked for
   * @throws IllegalArgumentException if one does not exist
   */
  default void requireBlocks(Set<Integer> blocks) {
    for (int block : blocks) {
      if (block < 0 || block >= depth()) {
        throw new IllegalArgumentException(
            "block " + block + " does not exist; blocks are 0 to " + (depth() - 1));
      }
    }
  }
}
