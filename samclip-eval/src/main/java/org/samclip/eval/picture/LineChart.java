package org.samclip.eval.picture;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Lines over a common axis.
 *
 * @param title above the chart
 * @param x name of the axis
 * @param y name of the axis
 * @param logarithmic whether y grows by factors; values that are not above 0 are left out then
 * @param lines at least one
 */
public record LineChart(String title, String x, String y, boolean logarithmic, List<Line> lines) {

  private static final int WIDTH = 760;
  private static final int HEIGHT = 480;

  /**
   * One line.
   *
   * @param name in the legend
   * @param x at least one, ascending
   * @param y as many, finite
   * @param points whether the points are marked: where there are few
   */
  public record Line(String name, List<Double> x, List<Double> y, boolean points) {

    /** Checks the lengths. */
    public Line {
      x = List.copyOf(x);
      y = List.copyOf(y);
      if (x.isEmpty() || x.size() != y.size()) {
        throw new IllegalArgumentException(
            name + ": a line of " + x.size() + " and " + y.size() + " values");
      }
    }

    private Line above0() {
      List<Integer> good = IntStream.range(0, y.size()).filter(i -> y.get(i) > 0).boxed().toList();
      return good.isEmpty()
          ? null
          : new Line(
              name, good.stream().map(x::get).toList(), good.stream().map(y::get).toList(), points);
    }
  }

  /**
   * @return whether this machine has the fonts that a chart needs
   */
  public static boolean isPossible() {
    return Lettering.hasText();
  }

  /**
   * @return the chart as a picture
   */
  public BufferedImage draw() {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart
        .getStyler()
        .setYAxisLogarithmic(logarithmic)
        .setLegendPosition(Styler.LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBorderVisible(false)
        .setChartTitleBoxVisible(false);
    for (Line line : lines) {
      Line shown = logarithmic ? line.above0() : line;
      if (shown != null) {
        var series = chart.addSeries(shown.name(), shown.x(), shown.y());
        series.setMarker(shown.points() ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
      }
    }
    return BitmapEncoder.getBufferedImage(chart);
  }
}
