package org.samclip.eval.picture;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** Pictures side by side, row after row, each with a caption below. */
public final class PanelSheet {

  private static final int MARGIN = 12;
  private static final int CAPTION = 24;
  private static final int BASELINE = 17;

  private record Cell(BufferedImage picture, String caption) {}

  private final String title;
  private final int columns;
  private final List<Cell> cells = new ArrayList<>();

  /**
   * @param title above all pictures
   * @param columns pictures in a row, at least 1
   */
  public PanelSheet(String title, int columns) {
    this.title = title;
    this.columns = columns;
  }

  /**
   * @param picture the next picture
   * @param caption below it
   * @return this
   */
  public PanelSheet add(BufferedImage picture, String caption) {
    cells.add(new Cell(picture, caption));
    return this;
  }

  /**
   * @return all pictures on one sheet
   */
  public BufferedImage picture() {
    int cellWidth = cells.stream().mapToInt(c -> c.picture().getWidth()).max().orElse(1);
    int cellHeight = cells.stream().mapToInt(c -> c.picture().getHeight()).max().orElse(1);
    int rows = (cells.size() + columns - 1) / columns;
    BufferedImage sheet =
        new BufferedImage(
            MARGIN + columns * (cellWidth + MARGIN),
            MARGIN + CAPTION + rows * (cellHeight + CAPTION + MARGIN),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    Lettering.line(graphics, title, true, MARGIN, BASELINE, sheet.getWidth() - 2 * MARGIN);
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      int x = MARGIN + i % columns * (cellWidth + MARGIN);
      int y = MARGIN + CAPTION + i / columns * (cellHeight + CAPTION + MARGIN);
      graphics.drawImage(cell.picture(), x, y, null);
      int below = y + cell.picture().getHeight() + BASELINE;
      Lettering.line(graphics, cell.caption(), false, x, below, cellWidth);
    }
    graphics.dispose();
    return sheet;
  }
}
