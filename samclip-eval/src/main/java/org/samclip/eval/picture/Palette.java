package org.samclip.eval.picture;

import java.awt.Color;

/** Colours that are told apart side by side, the most different first. */
public final class Palette {

  /** After Sasha Trubetskoy's list of 20 simple, distinct colours, without black and white. */
  private static final int[] DISTINCT = {
    0xE6194B, 0x3CB44B, 0x4363D8, 0xFFE119, 0xF58231, 0x911EB4, 0x42D4F4, 0xF032E6, 0xBFEF45,
    0x9A6324, 0x469990, 0xFABED4, 0x800000, 0x000075, 0xAAFFC3, 0x808000, 0xDCBEFF, 0xFFD8B1
  };

  /** Turns of the colour circle that never come back to the same hue. */
  private static final double GOLDEN_TURN = 0.618033988749895;

  private Palette() {}

  /**
   * @param index from 0
   * @return its colour
   */
  public static Color colour(int index) {
    if (index < DISTINCT.length) {
      return new Color(DISTINCT[index]);
    }
    float brightness = index % 2 == 0 ? .95f : .65f;
    return Color.getHSBColor((float) (index * GOLDEN_TURN % 1), .75f, brightness);
  }
}
