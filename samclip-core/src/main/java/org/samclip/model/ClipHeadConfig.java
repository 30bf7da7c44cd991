package org.samclip.model;

import org.samclip.nn.SizeLimits;

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
    SizeLimits.check("CLIP head", "layers", layers, 0, SizeLimits.DEPTH);
    SizeLimits.check("CLIP head", "embed_dim", embedDim, 1, SizeLimits.WIDTH);
    SizeLimits.present("CLIP head", "pool (max or mean)", pool);
  }
}
