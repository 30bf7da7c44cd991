package org.samclip.train.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.samclip.eval.protocol.Metric;
import org.samclip.train.recipe.EvaluationSpec;
import org.samclip.train.recipe.ProtocolSpec;

/**
 * A column of the table.
 *
 * @param name of the column, see {@link ProtocolSpec}
 * @param entry of the recipe's protocols
 * @param protocol that it is measured by
 * @param metric id; {@code kept} for the share of the teacher's skill
 * @param side in pixels
 * @param teacher name of whom the student is held against; null for none
 * @param keptOf column whose share of the teacher's this is; null for a metric
 * @param teacherColumn column of the teacher's row that it is a share of; null for a metric
 * @param better which values are better
 * @param shown where
 */
public record Column(
    String name,
    String entry,
    String protocol,
    String metric,
    int side,
    String teacher,
    String keptOf,
    String teacherColumn,
    Metric.Better better,
    Shown shown) {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,255}");
  private static final String KEPT = "kept";

  /** Behind a teacher's name in the name of its row. */
  private static final String TEACHER = "-teacher";

  /** Refuses what a file leaves out. */
  public Column {
    if (name == null
        || !NAME.matcher(name).matches()
        || entry == null
        || protocol == null
        || metric == null
        || better == null
        || shown == null) {
      throw new IllegalArgumentException("a column '" + name + "' that is not whole");
    }
  }

  /** Where a column is shown. */
  public enum Shown {
    /** Also in tables that have to fit a terminal. */
    MAIN,
    /** In tables without that limit. */
    TABLE,
    /** In files only: what further resolutions bring. */
    FILE
  }

  /**
   * @param spec what is measured
   * @return its columns, in their order: of each entry its metrics at the first resolution and the
   *     shares kept, then all those of further resolutions
   */
  public static List<Column> of(EvaluationSpec spec) {
    List<Column> first = new ArrayList<>();
    List<Column> further = new ArrayList<>();
    for (ProtocolSpec entry : spec.protocols().entries()) {
      for (int side : entry.resolutions()) {
        List<Column> columns = side == entry.resolutions().get(0) ? first : further;
        columns.addAll(metrics(entry, side));
        columns.addAll(kept(entry, side));
      }
    }
    first.addAll(further);
    return first;
  }

  private static List<Column> metrics(ProtocolSpec entry, int side) {
    List<Column> columns = new ArrayList<>();
    for (Metric metric : entry.choice().metrics(entry.teacher())) {
      if (metric.shown() != Metric.Shown.DETAIL) {
        boolean isMain = metric.shown() == Metric.Shown.MAIN;
        columns.add(
            column(entry, metric, side, Optional.empty(), isMain ? Shown.MAIN : Shown.TABLE));
      }
    }
    return columns;
  }

  /** Of the main metrics that the teacher has itself, and that are a skill. */
  private static List<Column> kept(ProtocolSpec entry, int side) {
    List<Column> columns = new ArrayList<>();
    if (entry.teacher().isPresent()) {
      boolean own = entry.choice().protocol().asksTeacherAtOwnSide();
      int teacherSide = own ? entry.resolutions().get(0) : side;
      for (Metric metric : entry.choice().forTeacher().metrics(Optional.empty())) {
        if (metric.shown() == Metric.Shown.MAIN
            && metric.better() == Metric.Better.HIGHER
            && metric.least() >= 0) {
          String of = entry.column(metric.id(), teacherSide);
          columns.add(column(entry, metric, side, Optional.of(of), Shown.TABLE));
        }
      }
    }
    return columns;
  }

  private static Column column(
      ProtocolSpec entry, Metric metric, int side, Optional<String> keptOf, Shown shown) {
    String name = entry.column(metric.id(), side);
    boolean isFirst = side == entry.resolutions().get(0);
    return new Column(
        keptOf.isPresent() ? KEPT + "_" + name : name,
        entry.name(),
        entry.choice().protocol().name(),
        keptOf.isPresent() ? KEPT : metric.id(),
        side,
        entry.teacher().orElse(null),
        keptOf.isPresent() ? name : null,
        keptOf.orElse(null),
        metric.better(),
        isFirst ? shown : Shown.FILE);
  }

  /**
   * @param teacher name of a teacher
   * @return name of its row
   */
  public static String teacherRow(String teacher) {
    return teacher + TEACHER;
  }
}
