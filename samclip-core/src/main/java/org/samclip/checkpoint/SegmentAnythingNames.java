package org.samclip.checkpoint;

/** SAM as segment-anything saves it ({@code sam_vit_b_01ec64.pth} and others): our own names. */
public final class SegmentAnythingNames {

  /** A tensor that every such checkpoint has. */
  public static final String SIGN = "image_encoder.patch_embed.proj.weight";

  private SegmentAnythingNames() {}

  /**
   * @return from segment-anything's names to ours
   */
  public static KeyMap map() {
    return new KeyMap().drop("pixel_mean").drop("pixel_std");
  }
}
