package org.samclip.eval.segment;

/** In which order both heads work together. */
public enum CompositionForm {
  /**
   * The paper's: where the CLIP head's scores say that a class is, they prompt the SAM head, which
   * draws that class.
   */
  SCORES_FIRST,
  /**
   * The SAM head draws whatever is there, and the CLIP head names each mask by its tokens inside
   * the mask: a whole object says more than single patches of it.
   */
  MASKS_FIRST
}
