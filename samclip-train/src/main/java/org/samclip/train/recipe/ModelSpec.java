package org.samclip.train.recipe;

import java.util.List;
import org.samclip.model.ClipHead;
import org.samclip.model.ClipHeadConfig;
import org.samclip.model.Preset;
import org.samclip.model.SamClipConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * The student: one backbone of the SAM kind with two heads (paper).
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

  private static final int MOST = 1 << 14;

  /** Checks that the overrides are possible and fit the rest of the preset. */
  public ModelSpec {
    size("patch", patch);
    size("grid", grid);
    size("width", width);
    size("depth", depth);
    size("heads", heads);
    size("window", window);
    ViTDetConfig standard = preset.encoder();
    int w = width == null ? standard.width() : width;
    int h = heads == null ? standard.heads() : heads;
    Check.that(w % h == 0, "width", w, "a multiple of heads (" + h + ")");
    globalLayers = globalLayers == null ? null : List.copyOf(globalLayers);
    int end = depth == null ? standard.depth() : depth;
    List<Integer> global = globalLayers == null ? standard.globalLayers() : globalLayers;
    for (int layer : global) {
      Check.that(
          layer >= 0 && layer < end,
          "global_layers",
          layer,
          "layers counted from 0, below the depth of " + end);
    }
    Check.that(
        clipHead.init() == ClipHead.Init.RANDOM || global.contains(end - 1),
        "global_layers",
        global,
        "some with the last layer, "
            + (end - 1)
            + ", as the CLIP head's layers are global and start as that one; or clip_head.init:"
            + " random");
  }

  private static void size(String key, Integer value) {
    if (value != null) {
      Check.that(value >= 1 && value <= MOST, key, value, "1 to " + MOST);
    }
  }

  /** Sizes of the backbone: the preset's with the overrides. */
  public ViTDetConfig encoder() {
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

  /**
   * Sizes of the merged model.
   *
   * @param embedDim width of the CLIP teacher's space
   */
  public SamClipConfig config(int embedDim) {
    return new SamClipConfig(
        encoder(),
        preset.samHead(),
        new ClipHeadConfig(clipHead.layers(), clipHead.pool(), embedDim, clipHead.denseWindow()));
  }

  /**
   * @param head another CLIP head
   * @return the same student with it
   */
  public ModelSpec withClipHead(ClipHeadSpec head) {
    return new ModelSpec(preset, patch, grid, width, depth, this.heads, window, globalLayers, head);
  }

  /** Refuses image sides that are not made of whole patches. */
  void checkResolution(String key, int resolution) {
    int side = encoder().patch();
    Check.that(resolution % side == 0, key, resolution, "a multiple of the model's patch, " + side);
  }

  /**
   * The CLIP head (paper): transformer layers on the tokens before the neck, then pooling,
   * LayerNorm and an MLP into the teacher's text space.
   *
   * @param layers transformer layers, at least 0
   * @param pool how tokens become one vector; the paper finds max better than mean
   * @param init where the layers' first weights come from
   * @param denseWindow side in patches of the square that is pooled for a dense feature, odd
   */
  public record ClipHeadSpec(
      int layers, ClipHeadConfig.Pool pool, ClipHead.Init init, int denseWindow) {

    /** Checks the counts. */
    public ClipHeadSpec {
      Check.that(layers >= 0 && layers <= 64, "layers", layers, "0 to 64");
      int most = ClipHeadConfig.MAX_DENSE_WINDOW;
      Check.that(
          denseWindow >= 1 && denseWindow <= most && denseWindow % 2 == 1,
          "dense_window",
          denseWindow,
          "an odd number, 1 to " + most);
    }
  }
}
