package org.samclip.clip;

/**
 * How a patch of CLIP's image tower gets a feature of its own, to be compared with texts. The tower
 * has learned the class token's output only; what the last block's attention gathers at the other
 * tokens says little of the place. Its value path says more (MaskCLIP, arXiv 2112.01071).
 */
public enum DenseForm {
  /** The last block as it is. */
  OUTPUT,
  /**
   * In the last block each token's value goes through the output projection alone: no queries and
   * keys, no residual, no MLP.
   */
  VALUE,
  /** In the last block each token attends to itself alone; residual and MLP stay. */
  VALUE_BLOCK;

  /** What a CLIP is measured with unless told otherwise. */
  public static final DenseForm DEFAULT = VALUE;
}
