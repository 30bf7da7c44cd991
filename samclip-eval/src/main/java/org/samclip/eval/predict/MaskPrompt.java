package org.samclip.eval.predict;

import java.util.List;
import java.util.Locale;
import org.samclip.UserError;

/** What points at one object, in pixels of the image. */
public sealed interface MaskPrompt {

  /**
   * @param width of the image
   * @param height of the image
   * @throws UserError if the prompt is not inside the image
   */
  void requireInside(int width, int height);

  /**
   * @param x column, 0 at the left border
   * @param y row, 0 at the top border
   * @param foreground whether the point is on the object; otherwise it is on what does not belong
   */
  record Point(double x, double y, boolean foreground) {}

  /**
   * Points that together mean one object, as in segment-anything's {@code SamPredictor}.
   *
   * @param points at least one
   */
  record Points(List<Point> points) implements MaskPrompt {

    /** Checks that there is a point. */
    public Points {
      points = List.copyOf(points);
      if (points.isEmpty()) {
        throw new UserError("a prompt of points needs at least one point");
      }
    }

    @Override
    public void requireInside(int width, int height) {
      for (Point point : points) {
        if (!(point.x() >= 0 && point.x() < width && point.y() >= 0 && point.y() < height)) {
          throw new UserError(
              "point "
                  + number(point.x())
                  + ","
                  + number(point.y())
                  + " is outside the image; allowed: x from 0 to "
                  + (width - 1)
                  + ", y from 0 to "
                  + (height - 1));
        }
      }
    }
  }

  /**
   * A box around one object.
   *
   * @param x0 left
   * @param y0 top
   * @param x1 right, above x0
   * @param y1 bottom, above y0
   */
  record Box(double x0, double y0, double x1, double y1) implements MaskPrompt {

    /** Checks the corners. */
    public Box {
      if (!(x0 < x1 && y0 < y1)) {
        throw new UserError(
            "box "
                + text(x0, y0, x1, y1)
                + ": the first corner must be left of and above the second; try "
                + text(Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)));
      }
    }

    @Override
    public void requireInside(int width, int height) {
      if (!(x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height)) {
        throw new UserError(
            "box "
                + text(x0, y0, x1, y1)
                + " reaches outside the image; allowed: x from 0 to "
                + width
                + ", y from 0 to "
                + height);
      }
    }

    private static String text(double x0, double y0, double x1, double y1) {
      return String.join(",", number(x0), number(y0), number(x1), number(y1));
    }
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
