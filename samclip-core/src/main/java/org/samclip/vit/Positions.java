package org.samclip.vit;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.samclip.UserError;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.nn.SizeLimits;

/** How a ViT's patches know where they are. In JSON the kind stands among the keys. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Positions.Learned.class, name = "learned"),
  @JsonSubTypes.Type(value = Positions.Rotary.class, name = "rotary")
})
public sealed interface Positions {

  /**
   * A table that is added to the tokens before the first block.
   *
   * @param grid side of the square of patches for which it was learned, in tokens
   * @param ofClass whether the class token has a row, the first
   * @param how the grid is resized for images of other sizes
   */
  record Learned(int grid, boolean ofClass, Resize how) implements Positions {
    public Learned {
      SizeLimits.check("ViT", "grid", grid, 1, SizeLimits.GRID);
      SizeLimits.present("ViT", "how", how);
    }

    /**
     * @return number of rows
     */
    int rows() {
      return grid * grid + (ofClass ? 1 : 0);
    }
  }

  /**
   * Queries and keys of the patches are turned by angles (transformers, modeling_dinov3_vit.py).
   *
   * @param theta ratio of the longest wave to the shortest, nearly
   */
  record Rotary(double theta) implements Positions {
    public Rotary {
      if (!(theta > 0 && theta < Float.MAX_VALUE)) {
        throw new UserError("ViT: rope_theta " + theta + " is not a positive number");
      }
    }
  }
}
