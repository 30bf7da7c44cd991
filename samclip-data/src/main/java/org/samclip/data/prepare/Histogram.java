package org.samclip.data.prepare;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Locale;

/** Counts of values between fixed edges; values below the first or from the last edge on count. */
final class Histogram {

  private static final int BAR = 40;

  private final String title;
  private final double[] edges;
  private final long[] counts;

  /**
   * @param title what is counted
   * @param edges ascending; value v falls into the cell whose lower edge is the last one not over v
   */
  Histogram(String title, double... edges) {
    this.title = title;
    this.edges = edges;
    this.counts = new long[edges.length + 1];
  }

  void add(double value) {
    int cell = 0;
    while (cell < edges.length && value >= edges[cell]) {
      cell++;
    }
    counts[cell]++;
  }

  long total() {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    return total;
  }

  /** One line a cell, from the first to the last that is not empty. */
  String text() {
    StringBuilder text = new StringBuilder(title).append('\n');
    int first = 0;
    int last = counts.length - 1;
    long most = 1;
    for (long count : counts) {
      most = Math.max(most, count);
    }
    while (first < last && counts[first] == 0) {
      first++;
    }
    while (last > first && counts[last] == 0) {
      last--;
    }
    for (int i = first; i <= last; i++) {
      int bar = (int) Math.ceil((double) counts[i] * BAR / most);
      text.append(
          String.format(
              Locale.ROOT, "  %8s .. %-8s %9d %s", low(i), high(i), counts[i], "#".repeat(bar)));
      text.setLength(text.toString().stripTrailing().length());
      text.append('\n');
    }
    return text.toString();
  }

  private String low(int cell) {
    return cell == 0 ? "" : number(edges[cell - 1]);
  }

  private String high(int cell) {
    return cell == edges.length ? "" : number(edges[cell]);
  }

  private static String number(double edge) {
    return new BigDecimal(String.valueOf(edge)).stripTrailingZeros().toPlainString();
  }

  void json(ObjectNode parent, String key) {
    ObjectNode node = parent.putObject(key);
    ArrayNode at = node.putArray("edges");
    for (double edge : edges) {
      at.add(edge);
    }
    ArrayNode of = node.putArray("counts");
    for (long count : counts) {
      of.add(count);
    }
  }
}
