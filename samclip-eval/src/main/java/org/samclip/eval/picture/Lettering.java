package org.samclip.eval.picture;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Text in pictures. A machine without fonts gets pictures without text, and a warning. */
final class Lettering {

  private static final Logger LOG = LoggerFactory.getLogger(Lettering.class);
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
  private static final String MORE = "...";
  private static final boolean HAS_FONTS = hasFonts();

  private Lettering() {}

  /** Minimal installations of Java fail at the first text with one of many errors. */
  private static boolean hasFonts() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setFont(FONT);
      graphics.drawString("a", 0, 0);
      return true;
    } catch (RuntimeException | InternalError | LinkageError e) {
      LOG.warn(
          "pictures get no captions: this Java finds no fonts ({}); install fontconfig and a font",
          e.toString());
      return false;
    } finally {
      graphics.dispose();
    }
  }

  /** Whether this machine has fonts. */
  static boolean hasText() {
    return HAS_FONTS;
  }

  /**
   * Draws one line, cut to a width.
   *
   * @param graphics to draw on
   * @param text the line
   * @param bold whether it is a heading
   * @param x left end
   * @param baseline of the letters
   * @param width most pixels
   */
  static void line(Graphics2D graphics, String text, boolean bold, int x, int baseline, int width) {
    if (!HAS_FONTS) {
      return;
    }
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(bold ? FONT.deriveFont(Font.BOLD) : FONT);
    graphics.setColor(Color.BLACK);
    FontMetrics metrics = graphics.getFontMetrics();
    String shown = text;
    if (metrics.stringWidth(shown) > width) {
      while (!shown.isEmpty() && metrics.stringWidth(shown + MORE) > width) {
        shown = shown.substring(0, shown.length() - 1);
      }
      shown += MORE;
    }
    graphics.drawString(shown, x, baseline);
  }
}
