package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;

/**
 * The student: one backbone of the SAM kind with two heads (paper, Sec. 3).
 *
 * @param preset the size that all other keys start from
 * @param patch overrides the preset's patch side in pixels
 * @param grid overrides the side of the preset's position grid, in patches
 * @param width overrides the preset's token width
 * @param depth overrides the preset's number of encoder layers
 * @param heads overrides the preset's attention heads
 * @param window overrides the preset's window side in tokens
 * @param globalLayers overrides the preset's global-attention layers, counted from 0
 * @param clipHead the head that speaks CLIP
 */
public record ModelSpec(
    Preset preset,
    @Optional Integer patch,
    @Optional Integer grid,
    @Optional Integer width,
    @Optional Integer depth,
    @Optional Integer heads,
    @Optional Integer window,
    @Optional List<Integer> globalLayers,
    ClipHeadSpec clipHead) {

  /** Sizes with a name. */
  public enum Preset {
    /** The embedded size for CPUs. */
    TINY,
    /** SAM's ViT-B, the paper's base. */
    @JsonProperty("vit-b")
    VIT_B,
    /** SAM's ViT-L. */
    @JsonProperty("vit-l")
    VIT_L,
    /** SAM's ViT-H. */
    @JsonProperty("vit-h")
    VIT_H;

    /** The name in recipes: {@code vit-b}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Checks that the overrides are possible and fit each other. */
  public ModelSpec {
    atLeastOne("patch", patch);
    atLeastOne("grid", grid);
    atLeastOne("width", width);
    atLeastOne("depth", depth);
    atLeastOne("heads", heads);
    atLeastOne("window", window);
    if (width != null && heads != null) {
      Check.that(width % heads == 0, "width", width, "a multiple of heads (" + heads + ")");
    }
    if (globalLayers != null) {
      globalLayers = List.copyOf(globalLayers);
      for (int layer : globalLayers) {
        int end = depth == null ? 1024 : depth;
        Check.that(layer >= 0 && layer < end, "global_layers", layer, "0 to " + (end - 1));
      }
    }
  }

  private static void atLeastOne(String key, Integer value) {
    if (value != null) {
      Check.atLeast(1, key, value);
    }
  }

  /**
   * The CLIP head (paper, Sec. 3 and App. A): transformer layers on the tokens before the neck,
   * then pooling, LayerNorm and an MLP into the teacher's text space.
   *
   * @param layers transformer layers, at least 0
   * @param pool how tokens become one vector; the paper finds max better than mean
   * @param init where the layers' first weights come from
   */
  public record ClipHeadSpec(int layers, Pool pool, Init init) {

    /** Spatial pooling. */
    public enum Pool {
      /** Largest value of each channel. */
      MAX,
      /** Mean of each channel. */
      MEAN
    }

    /** Source of the layers' first weights. */
    public enum Init {
      /** A copy of the last encoder layer in each (App. A). */
      LAST_ENCODER_LAYER,
      /** Random (Sec. 3). */
      RANDOM
    }

    /** Checks the counts. */
    public ClipHeadSpec {
      Check.that(layers >= 0 && layers <= 64, "layers", layers, "0 to 64");
    }
  }
}
