package org.samclip.train.blend;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * A way to make one tensor of those of several models. Found by {@link java.util.ServiceLoader}: a
 * public class with a public constructor without parameters, named in {@code
 * META-INF/services/org.samclip.train.blend.BlendMethod}.
 */
public interface BlendMethod {

  /**
   * @return what a recipe calls it, such as {@code linear}
   */
  String name();

  /**
   * Blends one tensor. Nothing is recorded for gradients meanwhile.
   *
   * @param tensor its name, such as {@code image_encoder.pos_embed}
   * @param models its values in each model: float32, all of the same shape, to be left as they are;
   *     at least two. Arrays made of them live until the blend of this tensor is done
   * @param weights of the models, in their order; finite
   * @return the blended values: a new array of that shape, of floats
   */
  NDArray blend(String tensor, List<NDArray> models, double[] weights);
}
