package org.samclip.train.report;

import java.util.ArrayList;
import java.util.List;

/** Lays out cells that are texts already. */
final class TextTable {

  private TextTable() {}

  /**
   * Columns aligned to the right under headings of two lines, the first column to the left.
   *
   * @param first heading of the first column
   * @param metrics headings of the others, of which the part behind the last {@code _} goes to the
   *     second line, to save width
   * @param lines cells, one more than {@code metrics} in each line
   */
  static String aligned(String first, List<String> metrics, List<List<String>> lines) {
    List<String> upper = new ArrayList<>(List.of(""));
    List<String> lower = new ArrayList<>(List.of(first));
    for (String metric : metrics) {
      int cut = metric.lastIndexOf('_');
      upper.add(metric.substring(0, Math.max(0, cut)));
      lower.add(metric.substring(cut + 1));
    }
    List<List<String>> all = new ArrayList<>(List.of(upper, lower));
    all.addAll(lines);
    int[] widths = new int[metrics.size() + 1];
    for (List<String> line : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : all) {
      StringBuilder row = new StringBuilder();
      row.append(line.get(0)).append(" ".repeat(widths[0] - line.get(0).length()));
      for (int i = 1; i < widths.length; i++) {
        row.append("  ").append(" ".repeat(widths[i] - line.get(i).length())).append(line.get(i));
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /**
   * @param first heading of the first column
   * @param metrics headings of the others
   * @param lines cells, one more than {@code metrics} in each line
   * @return a table of Markdown
   */
  static String markdown(String first, List<String> metrics, List<List<String>> lines) {
    List<String> head = new ArrayList<>(List.of(first));
    head.addAll(metrics);
    StringBuilder text = new StringBuilder();
    text.append("| ").append(String.join(" | ", head)).append(" |\n");
    text.append("|---|").append("---:|".repeat(metrics.size())).append('\n');
    for (List<String> line : lines) {
      text.append("| ").append(String.join(" | ", line)).append(" |\n");
    }
    return text.toString();
  }
}
