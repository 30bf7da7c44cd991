package org.samclip.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorInfo;
import org.samclip.checkpoint.TensorSource;

/**
 * How far two files of weights are from each other, by part of the model: the L2 norm of the
 * difference over the L2 norm of the first. Sums run in float64 over pieces of one tensor at a
 * time.
 *
 * @param a the first file
 * @param b the second file
 * @param total over all compared tensors
 * @param parts by part of the model, in the first file's order
 * @param onlyInA names of tensors that only the first has
 * @param onlyInB names of tensors that only the second has
 * @param otherShape names of tensors whose shapes differ
 * @param notFinite names of compared tensors with a NaN or an infinity, which no sum includes
 */
public record WeightDistance(
    String a,
    String b,
    Part total,
    Map<String, Part> parts,
    List<String> onlyInA,
    List<String> onlyInB,
    List<String> otherShape,
    List<String> notFinite) {

  private static final int PIECE = 1 << 16;

  /**
   * @param tensors compared
   * @param values in them
   * @param norm L2 of the first file's values
   * @param difference L2 of the difference
   * @param relative difference / norm; 0 without any difference, infinite when the first is zero
   */
  public record Part(long tensors, long values, double norm, double difference, double relative) {}

  /** Sums of squares. */
  private static final class Sum {
    private long tensors;
    private long values;
    private double norm;
    private double difference;

    void add(Sum other) {
      tensors += other.tensors;
      values += other.values;
      norm += other.norm;
      difference += other.difference;
    }

    Part root() {
      double relative = difference == 0 ? 0 : Math.sqrt(difference / norm);
      return new Part(tensors, values, Math.sqrt(norm), Math.sqrt(difference), relative);
    }
  }

  /**
   * @param pathA a file of weights of any format that is read
   * @param optionsA what is said of it
   * @param pathB another; names are compared as samclip names them
   * @param optionsB what is said of it
   * @return the distance
   * @throws UserError if one is missing or damaged, or they share no tensor
   */
  public static WeightDistance between(
      Path pathA, WeightsOptions optionsA, Path pathB, WeightsOptions optionsB) {
    try (ModelWeights a = ModelWeights.open(pathA, optionsA);
        ModelWeights b = ModelWeights.open(pathB, optionsB)) {
      Map<String, Sum> parts = new LinkedHashMap<>();
      List<String> onlyInA = new ArrayList<>();
      List<String> otherShape = new ArrayList<>();
      List<String> notFinite = new ArrayList<>();
      for (String name : a.tensors().names()) {
        if (!b.tensors().names().contains(name)) {
          onlyInA.add(name);
        } else if (!sameShape(a.tensors().info(name), b.tensors().info(name))) {
          otherShape.add(name);
        } else {
          Sum sum = squares(name, a.tensors(), b.tensors());
          if (Double.isFinite(sum.norm) && Double.isFinite(sum.difference)) {
            parts.computeIfAbsent(a.part(name), key -> new Sum()).add(sum);
          } else {
            notFinite.add(name);
          }
        }
      }
      if (parts.isEmpty() && notFinite.isEmpty()) {
        throw new UserError(
            pathA + " and " + pathB + " have no tensor of the same name and shape in common");
      }
      List<String> onlyInB =
          b.tensors().names().stream().filter(n -> !a.tensors().names().contains(n)).toList();
      return of(pathA, pathB, parts, onlyInA, onlyInB, otherShape, notFinite);
    }
  }

  private static WeightDistance of(
      Path pathA,
      Path pathB,
      Map<String, Sum> sums,
      List<String> onlyInA,
      List<String> onlyInB,
      List<String> otherShape,
      List<String> notFinite) {
    Sum total = new Sum();
    Map<String, Part> parts = new LinkedHashMap<>();
    sums.forEach(
        (part, sum) -> {
          total.add(sum);
          parts.put(part, sum.root());
        });
    return new WeightDistance(
        pathA.toString(),
        pathB.toString(),
        total.root(),
        parts,
        onlyInA,
        onlyInB,
        otherShape,
        notFinite);
  }

  private static boolean sameShape(TensorInfo a, TensorInfo b) {
    return Arrays.equals(a.shape(), b.shape());
  }

  private static Sum squares(String name, TensorSource a, TensorSource b) {
    Sum sum = new Sum();
    long count = a.info(name).elementCount();
    sum.tensors = 1;
    sum.values = count;
    for (long first = 0; first < count; first += PIECE) {
      int length = (int) Math.min(PIECE, count - first);
      double[] ofA = new double[length];
      double[] ofB = new double[length];
      a.readDoubles(name, first, ofA);
      b.readDoubles(name, first, ofB);
      for (int i = 0; i < length; i++) {
        double d = ofB[i] - ofA[i];
        sum.norm += ofA[i] * ofA[i];
        sum.difference += d * d;
      }
    }
    return sum;
  }

  /**
   * @return a table for people
   */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add("A  " + a);
    lines.add("B  " + b);
    lines.add("%-18s %12s %9s %14s".formatted("part", "|B-A| / |A|", "tensors", "values"));
    parts.forEach((part, sum) -> lines.add(row(part, sum)));
    lines.add(row("all", total));
    list(lines, "only in A", onlyInA);
    list(lines, "only in B", onlyInB);
    list(lines, "other shape", otherShape);
    list(lines, "not finite", notFinite);
    return String.join("\n", lines) + "\n";
  }

  private static String row(String part, Part sum) {
    return String.format(
        Locale.ROOT, "%-18s %12.3e %,9d %,14d", part, sum.relative, sum.tensors, sum.values);
  }

  private static void list(List<String> lines, String what, List<String> names) {
    if (!names.isEmpty()) {
      lines.add("%-18s %s".formatted(what, Numbers.list(names)));
    }
  }
}
