package org.samclip.train.recipe;

import java.util.List;
import org.samclip.model.Preset;
import org.samclip.vitdet.ViTDetConfig;

/**
 * The student's backbone: a teacher's, or one with random weights.
 *
 * @param from name of the teacher whose image encoder it starts as, weights and all; absent: random
 *     weights
 * @param preset published sizes of SAM's ViT-Det; beside {@code from} they must be the teacher's
 * @param patch overrides the preset's patch side in pixels
 * @param grid overrides the side of the preset's position grid, in patches
 * @param width overrides the preset's token width
 * @param depth overrides the preset's number of encoder layers
 * @param heads overrides the preset's attention heads
 * @param window overrides the preset's window side in tokens
 * @param globalLayers overrides the preset's global-attention layers, counted from 0
 * @param vit sizes of a plain ViT with random weights
 */
public record BackboneSpec(
    @Optional String from,
    @Optional Preset preset,
    @Optional Integer patch,
    @Optional Integer grid,
    @Optional Integer width,
    @Optional Integer depth,
    @Optional Integer heads,
    @Optional Integer window,
    @Optional List<Integer> globalLayers,
    @Optional VitSpec vit) {

  private static final int MOST = 1 << 14;

  /** Checks that the sizes come from one place, and fit one another. */
  public BackboneSpec {
    size("patch", patch);
    size("grid", grid);
    size("width", width);
    size("depth", depth);
    size("heads", heads);
    size("window", window);
    globalLayers = globalLayers == null ? null : List.copyOf(globalLayers);
    boolean sized = preset != null;
    if (vit != null) {
      Check.that(from == null && !sized, "vit", "given beside from or preset", "one of the three");
    } else {
      Check.that(from != null || sized, "from", "missing", "a teacher's name, or preset, or vit");
    }
    if (sized) {
      ViTDetConfig standard = preset.encoder();
      int w = width == null ? standard.width() : width;
      int h = heads == null ? standard.heads() : heads;
      Check.that(w % h == 0, "width", w, "a multiple of heads (" + h + ")");
      int end = depth == null ? standard.depth() : depth;
      for (int layer : globalLayers == null ? standard.globalLayers() : globalLayers) {
        Check.that(
            layer >= 0 && layer < end,
            "global_layers",
            layer,
            "layers counted from 0, below the depth of " + end);
      }
    } else {
      boolean changes =
          patch != null
              || grid != null
              || width != null
              || depth != null
              || heads != null
              || window != null
              || globalLayers != null;
      Check.that(!changes, "preset", "missing", "a preset whose sizes the other keys change");
    }
  }

  private static void size(String key, Integer value) {
    if (value != null) {
      Check.that(value >= 1 && value <= MOST, key, value, "1 to " + MOST);
    }
  }

  /**
   * @return sizes of a ViT-Det, the preset's with the overrides; null without a preset
   */
  public ViTDetConfig encoder() {
    if (preset == null) {
      return null;
    }
    ViTDetConfig e = preset.encoder();
    return new ViTDetConfig(
        patch == null ? e.patch() : patch,
        grid == null ? e.grid() : grid,
        width == null ? e.width() : width,
        depth == null ? e.depth() : depth,
        heads == null ? e.heads() : heads,
        e.mlpRatio(),
        window == null ? e.window() : window,
        globalLayers == null ? e.globalLayers() : globalLayers,
        e.neck());
  }
}
