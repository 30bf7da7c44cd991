package org.samclip.student;

import org.samclip.kernel.Autograd;

/**
 * A backbone in a training step. Any number of heads read {@link #features()}; their backward
 * passes add up on those arrays, and then one call goes through the backbone.
 *
 * <pre>{@code
 * BackbonePass pass = backbone.pass(images, head.blocks(), false);
 * HeadPass read = head.pass(pass.features());
 * on.backward(loss(read.output(name)));
 * read.backward(on);
 * pass.backward(on);
 * }</pre>
 */
public interface BackbonePass {

  /**
   * @return arrays without history; they have a gradient where something before them learns
   */
  BackboneFeatures features();

  /**
   * Brings the features' gradients to the backbone's parameters, once, after the backward passes of
   * all heads. Where nothing learns it does nothing.
   *
   * @param on recording of gradients
   */
  void backward(Autograd on);
}
