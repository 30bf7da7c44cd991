package org.samclip.eval.picture;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * Names and their colours.
 *
 * @param entries in the order of the lines
 */
public record Legend(List<Entry> entries) {

  private static final int LINE = 22;
  private static final int SWATCH = 16;
  private static final int GAP = 8;

  /** Wide enough for most names. */
  private static final int COLUMN = 190;

  /** Copies the entries. */
  public Legend {
    entries = List.copyOf(entries);
  }

  /**
   * One line.
   *
   * @param name what is meant
   * @param colour its colour
   */
  public record Entry(String name, Color colour) {}

  /**
   * Draws the whole legend below a picture.
   *
   * @param above the picture
   * @return both
   */
  public BufferedImage below(BufferedImage above) {
    int columns = Math.max(1, above.getWidth() / COLUMN);
    int height = (entries.size() + columns - 1) / columns * LINE + GAP;
    BufferedImage legend = picture(above.getWidth(), height, columns);
    BufferedImage both =
        new BufferedImage(above.getWidth(), above.getHeight() + height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = both.createGraphics();
    graphics.drawImage(above, 0, 0, null);
    graphics.drawImage(legend, 0, above.getHeight(), null);
    graphics.dispose();
    return both;
  }

  /**
   * Draws the legend. What does not fit into the height is named by a number on the last line.
   *
   * @param width of the picture in pixels
   * @param height of the picture in pixels
   * @param columns side by side
   * @return the picture
   */
  public BufferedImage picture(int width, int height, int columns) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    int lines = Math.max(1, (height - GAP) / LINE);
    int room = lines * columns;
    int shown = entries.size() <= room ? entries.size() : room - 1;
    int column = width / columns;
    for (int i = 0; i < shown; i++) {
      int x = i / lines * column + GAP;
      int y = i % lines * LINE + GAP / 2;
      graphics.setColor(entries.get(i).colour());
      graphics.fillRect(x, y, SWATCH, SWATCH);
      graphics.setColor(Color.GRAY);
      graphics.drawRect(x, y, SWATCH, SWATCH);
      write(graphics, entries.get(i).name(), x + SWATCH + GAP, y, column);
    }
    if (shown < entries.size()) {
      write(
          graphics,
          "and " + (entries.size() - shown) + " more",
          (columns - 1) * column + GAP,
          (lines - 1) * LINE + GAP / 2,
          column);
    }
    graphics.dispose();
    return picture;
  }

  private static void write(Graphics2D graphics, String text, int x, int y, int column) {
    Lettering.line(graphics, text, false, x, y + SWATCH - 3, column - SWATCH - 3 * GAP);
  }
}
