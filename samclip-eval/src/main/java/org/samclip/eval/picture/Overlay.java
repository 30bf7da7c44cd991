package org.samclip.eval.picture;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.function.IntFunction;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/** An image, enlarged or shrunk to be readable, and what is painted over it. */
public final class Overlay {

  private static final double FILL = .5;

  /** How much of its colour a pixel without a label keeps, and how far it goes to white. */
  private static final double FADED = .35;

  private static final int OUTLINE = 2;
  private static final double MARK = 6;

  private final BufferedImage canvas;
  private final double scale;

  /**
   * @param image the image
   * @param longestSide of the picture in pixels
   */
  public Overlay(RgbImage image, int longestSide) {
    scale = (double) longestSide / Math.max(image.width(), image.height());
    int width = Math.max(1, (int) Math.round(image.width() * scale));
    int height = Math.max(1, (int) Math.round(image.height() * scale));
    canvas = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(image.toBufferedImage(), 0, 0, width, height, null);
    graphics.dispose();
  }

  /**
   * Fills every label with its translucent colour and draws its outline.
   *
   * @param labels {@code [height, width]} in row-major order
   * @param width columns
   * @param height rows
   * @param colours of each label; null leaves its pixels pale
   * @return this
   */
  public Overlay labels(int[] labels, int width, int height, IntFunction<Color> colours) {
    int[] grown = grow(labels, width, height);
    for (int y = 0, at = 0; y < canvas.getHeight(); y++) {
      for (int x = 0; x < canvas.getWidth(); x++, at++) {
        Color colour = colours.apply(grown[at]);
        int old = canvas.getRGB(x, y);
        int shown =
            colour == null
                ? faded(old)
                : isBorder(grown, x, y) ? colour.getRGB() : mixed(old, colour, FILL);
        canvas.setRGB(x, y, shown);
      }
    }
    return this;
  }

  /**
   * Fills a mask with a translucent colour and draws its outline.
   *
   * @param mask zeros and ones, of the image's proportions
   * @param colour of the mask
   * @return this
   */
  public Overlay mask(LabelMap mask, Color colour) {
    int[] labels = new int[mask.labels().length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = mask.labels()[i];
    }
    int[] grown = grow(labels, mask.width(), mask.height());
    for (int y = 0, at = 0; y < canvas.getHeight(); y++) {
      for (int x = 0; x < canvas.getWidth(); x++, at++) {
        if (grown[at] != 0) {
          boolean border = isBorder(grown, x, y);
          canvas.setRGB(
              x, y, border ? colour.getRGB() : mixed(canvas.getRGB(x, y), colour, FILL * .7));
        }
      }
    }
    return this;
  }

  /**
   * Marks a point: a disc on the object, a cross on what does not belong to it.
   *
   * @param x in pixels of the image
   * @param y in pixels of the image
   * @param foreground whether it is on the object
   * @param colour of the mark
   * @return this
   */
  public Overlay point(double x, double y, boolean foreground, Color colour) {
    // The middle of the pixel.
    double atX = (x + .5) * scale;
    double atY = (y + .5) * scale;
    Graphics2D graphics = smooth();
    if (foreground) {
      Ellipse2D disc = new Ellipse2D.Double(atX - MARK, atY - MARK, 2 * MARK, 2 * MARK);
      graphics.setColor(colour);
      graphics.fill(disc);
      graphics.setColor(Color.WHITE);
      graphics.setStroke(new BasicStroke(2));
      graphics.draw(disc);
    } else {
      for (int pass = 0; pass < 2; pass++) {
        graphics.setColor(pass == 0 ? Color.WHITE : colour);
        graphics.setStroke(new BasicStroke(pass == 0 ? 6 : 3));
        graphics.draw(new Line2D.Double(atX - MARK, atY - MARK, atX + MARK, atY + MARK));
        graphics.draw(new Line2D.Double(atX - MARK, atY + MARK, atX + MARK, atY - MARK));
      }
    }
    graphics.dispose();
    return this;
  }

  /**
   * Draws a box.
   *
   * @param x0 left, in pixels of the image
   * @param y0 top
   * @param x1 right
   * @param y1 bottom
   * @param colour of the line
   * @return this
   */
  public Overlay box(double x0, double y0, double x1, double y1, Color colour) {
    Graphics2D graphics = smooth();
    Rectangle2D box =
        new Rectangle2D.Double(x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
    graphics.setColor(Color.WHITE);
    graphics.setStroke(new BasicStroke(4));
    graphics.draw(box);
    graphics.setColor(colour);
    graphics.setStroke(new BasicStroke(2));
    graphics.draw(box);
    graphics.dispose();
    return this;
  }

  /**
   * @return the picture
   */
  public BufferedImage picture() {
    return canvas;
  }

  private Graphics2D smooth() {
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    return graphics;
  }

  /** The nearest label for every pixel of the picture. */
  private int[] grow(int[] labels, int width, int height) {
    if ((long) width * height != labels.length) {
      throw new IllegalArgumentException(
          labels.length + " labels for " + width + " x " + height + " pixels");
    }
    int[] grown = new int[canvas.getWidth() * canvas.getHeight()];
    for (int y = 0, at = 0; y < canvas.getHeight(); y++) {
      int row = (int) ((long) y * height / canvas.getHeight()) * width;
      for (int x = 0; x < canvas.getWidth(); x++, at++) {
        grown[at] = labels[row + (int) ((long) x * width / canvas.getWidth())];
      }
    }
    return grown;
  }

  /** Whether a pixel is within the outline's width of another label. */
  private boolean isBorder(int[] grown, int x, int y) {
    int own = grown[y * canvas.getWidth() + x];
    int right = Math.min(canvas.getWidth() - 1, x + OUTLINE);
    int bottom = Math.min(canvas.getHeight() - 1, y + OUTLINE);
    int left = Math.max(0, x - OUTLINE);
    int top = Math.max(0, y - OUTLINE);
    return grown[y * canvas.getWidth() + left] != own
        || grown[y * canvas.getWidth() + right] != own
        || grown[top * canvas.getWidth() + x] != own
        || grown[bottom * canvas.getWidth() + x] != own;
  }

  private static int mixed(int rgb, Color colour, double share) {
    Color old = new Color(rgb);
    return rgb(
        old.getRed() + share * (colour.getRed() - old.getRed()),
        old.getGreen() + share * (colour.getGreen() - old.getGreen()),
        old.getBlue() + share * (colour.getBlue() - old.getBlue()));
  }

  private static int faded(int rgb) {
    Color old = new Color(rgb);
    double grey = .299 * old.getRed() + .587 * old.getGreen() + .114 * old.getBlue();
    double pale = 255 + FADED * (grey - 255);
    return rgb(pale, pale, pale);
  }

  private static int rgb(double red, double green, double blue) {
    return new Color((int) Math.round(red), (int) Math.round(green), (int) Math.round(blue))
        .getRGB();
  }
}
