package org.samclip.data.replay;

import java.util.List;
import java.util.Map;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts good and broken samples of one stream, and good and bad annotations in its good samples,
 * and stops it when too many of either are of no use. The first of each kind is logged, all are
 * written to the quarantine list.
 */
public final class SampleBudget {

  /** 1 % of the samples may be broken. */
  public static final double DEFAULT_SHARE = .01;

  /** 10 % of the annotations may be bad: tools leave degenerate outlines behind. */
  public static final double DEFAULT_ANNOTATION_SHARE = .1;

  /** Samples, or annotations, after which the share is judged for the first time. */
  public static final long DEFAULT_MINIMUM = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(SampleBudget.class);

  private final ShareTally samples;
  private final ShareTally annotations;
  private final Quarantine quarantine;

  /**
   * @param share of all samples that may be broken, 0..1
   * @param annotationShare of all annotations that may be bad, 0..1
   * @param minimum samples, or annotations, before which the share is not judged, except at the end
   *     of a pass
   * @param quarantine where both are listed, or {@code null}
   */
  public SampleBudget(double share, double annotationShare, long minimum, Quarantine quarantine) {
    String list = quarantine == null ? "" : " (list: " + quarantine.file() + ")";
    samples = new ShareTally("samples are broken", "broken_share", share, minimum, list);
    annotations =
        new ShareTally(
            "annotations are bad", "bad_annotation_share", annotationShare, minimum, list);
    this.quarantine = quarantine;
  }

  /**
   * With the default share of bad annotations.
   *
   * @param share of all samples that may be broken, 0..1
   * @param minimum samples before which the share is not judged, except at the end of a pass
   * @param quarantine where broken samples are listed, or {@code null}
   */
  public SampleBudget(double share, long minimum, Quarantine quarantine) {
    this(share, DEFAULT_ANNOTATION_SHARE, minimum, quarantine);
  }

  /**
   * With the default shares and minimum.
   *
   * @param quarantine where broken samples are listed, or {@code null}
   */
  public SampleBudget(Quarantine quarantine) {
    this(DEFAULT_SHARE, DEFAULT_MINIMUM, quarantine);
  }

  /**
   * One that counts and never stops.
   *
   * @param quarantine where broken samples are listed, or {@code null}
   * @return the budget
   */
  public static SampleBudget counting(Quarantine quarantine) {
    return new SampleBudget(1, 1, Long.MAX_VALUE, quarantine);
  }

  /** Counts a sample that was fine. */
  public synchronized void good() {
    samples.good(1);
  }

  /**
   * Counts a broken sample.
   *
   * @param source its source's name
   * @param shard its shard's name
   * @param key its name
   * @param why what is wrong
   * @throws org.samclip.UserError if there are too many
   */
  public synchronized void broken(
      String source, String shard, String key, BrokenSampleException why) {
    note(samples, source, shard, key, why.kind(), why.getMessage());
    samples.judgeEarly(source);
  }

  /**
   * Counts the annotations of a good sample.
   *
   * @param source its source's name
   * @param shard its shard's name
   * @param key its name
   * @param good annotations that gave something
   * @param bad the others
   * @throws org.samclip.UserError if too many were bad
   */
  public synchronized void annotations(
      String source, String shard, String key, int good, List<BadAnnotation> bad) {
    annotations.good(good);
    for (BadAnnotation one : bad) {
      note(annotations, source, shard, key + ", " + one.entry(), one.kind(), one.message());
    }
    if (!bad.isEmpty()) {
      annotations.judgeEarly(source);
    }
  }

  private void note(
      ShareTally tally, String source, String shard, String key, Kind kind, String message) {
    if (tally.bad(kind) == 1) {
      LOG.warn(
          "{}: skipped {} of {}: {}: {} (more of this kind are only counted{})",
          source,
          key,
          shard,
          kind,
          message,
          quarantine == null ? "" : " and listed in " + quarantine.file());
    }
    if (quarantine != null) {
      quarantine.add(shard, key, kind, message);
    }
  }

  /**
   * Judges the shares whatever the count; called at the end of a pass.
   *
   * @param source the source's name
   * @throws org.samclip.UserError if too many samples were broken, or annotations bad
   */
  public synchronized void judge(String source) {
    samples.judge(source);
    annotations.judge(source);
  }

  /** Samples seen, good and broken. */
  public synchronized long examined() {
    return samples.examined();
  }

  /** Broken samples seen. */
  public synchronized long brokenCount() {
    return samples.badCount();
  }

  /** Broken samples by kind. */
  public synchronized Map<Kind, Long> brokenByKind() {
    return samples.byKind();
  }

  /** Annotations of good samples, good and bad. */
  public synchronized long annotationsExamined() {
    return annotations.examined();
  }

  /** Bad annotations by kind. */
  public synchronized Map<Kind, Long> badAnnotations() {
    return annotations.byKind();
  }
}
