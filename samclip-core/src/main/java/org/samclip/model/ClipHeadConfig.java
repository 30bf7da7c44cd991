package org.samclip.model;

import org.samclip.UserError;

/**
 * The CLIP head (paper, section 3 and appendix A).
 *
 * @param layers transformer layers, 3 in the paper
 * @param pool how patches become one vector, max in the paper
 * @param embedDim E, width of the CLIP teacher's space
 */
public record ClipHeadConfig(int layers, Pool pool, int embedDim) {

  /** How patches become one vector. */
  public enum Pool {
    /** The paper's choice. */
    MAX,
    /** The alternative that the paper compares with. */
    MEAN
  }

  public ClipHeadConfig {
    if (layers < 0 || embedDim < 1 || pool == null) {
      throw new UserError("CLIP head: layers >= 0, embed_dim >= 1 and pool max or mean are needed");
    }
  }
}
