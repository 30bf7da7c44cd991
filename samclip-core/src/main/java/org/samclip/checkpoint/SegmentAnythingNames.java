package org.samclip.checkpoint;

/** SAM as segment-anything saves it ({@code sam_vit_b_01ec64.pth} and others): our own names. */
public final class SegmentAnythingNames {

  private SegmentAnythingNames() {}

  /**
   * @return from segment-anything's names to ours
   */
  public static KeyMap map() {
    return new KeyMap().drop("pixel_mean").drop("pixel_std");
  }
}
