package org.samclip.student;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

/**
 * The CLIP head (paper, section 3 and appendix A).
 *
 * @param layers transformer layers, 3 in the paper
 * @param pool how patches become one vector, max in the paper
 * @param embedDim E, width of the CLIP teacher's space
 * @param denseWindow side in patches of the square that is pooled for a dense feature, odd; 1 is
 *     the patch alone, as in the paper. The head learns on pooled patches, so single ones may say
 *     little
 */
public record ClipHeadConfig(int layers, Pool pool, int embedDim, int denseWindow)
    implements HeadConfig {

  /** Largest side of the square for a dense feature. */
  public static final int MAX_DENSE_WINDOW = 63;

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
    SizeLimits.check("CLIP head", "dense_window", denseWindow, 1, MAX_DENSE_WINDOW);
    if (denseWindow % 2 == 0) {
      throw new UserError("CLIP head: dense_window " + denseWindow + "; allowed: odd numbers");
    }
    SizeLimits.present("CLIP head", "pool (max or mean)", pool);
  }
}
