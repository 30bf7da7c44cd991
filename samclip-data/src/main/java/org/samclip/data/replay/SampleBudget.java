package org.samclip.data.replay;

import java.util.EnumMap;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts good and broken samples of one stream and stops it when too many are broken. The first of
 * each kind is logged, all are written to the quarantine list.
 */
public final class SampleBudget {

  /** 1 % may be broken. */
  public static final double DEFAULT_SHARE = .01;

  /** Samples after which the share is judged for the first time. */
  public static final long DEFAULT_MINIMUM = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(SampleBudget.class);

  private final double share;
  private final long minimum;
  private final Quarantine quarantine;
  private final Map<Kind, Long> broken = new EnumMap<>(Kind.class);
  private long good;

  /**
   * @param share of all samples that may be broken, 0..1
   * @param minimum samples before which the share is not judged, except at the end of a pass
   * @param quarantine where broken samples are listed, or {@code null}
   */
  public SampleBudget(double share, long minimum, Quarantine quarantine) {
    if (!(share >= 0 && share <= 1)) {
      throw new UserError("broken_share: " + share + ", allowed: 0..1");
    }
    this.share = share;
    this.minimum = minimum;
    this.quarantine = quarantine;
  }

  /**
   * With the default share and minimum.
   *
   * @param quarantine where broken samples are listed, or {@code null}
   */
  public SampleBudget(Quarantine quarantine) {
    this(DEFAULT_SHARE, DEFAULT_MINIMUM, quarantine);
  }

  /** Counts a sample that was fine. */
  public synchronized void good() {
    good++;
  }

  /**
   * Counts a broken sample.
   *
   * @param source its source's name
   * @param shard its shard's name
   * @param key its name
   * @param why what is wrong
   * @throws UserError if there are too many
   */
  public synchronized void broken(
      String source, String shard, String key, BrokenSampleException why) {
    if (broken.merge(why.kind(), 1L, Long::sum) == 1) {
      LOG.warn(
          "{}: skipped {} of {}: {}: {} (more of this kind are only counted{})",
          source,
          key,
          shard,
          why.kind(),
          why.getMessage(),
          quarantine == null ? "" : " and listed in " + quarantine.file());
    }
    if (quarantine != null) {
      quarantine.add(shard, key, why);
    }
    if (examined() >= minimum) {
      judge(source);
    }
  }

  /**
   * Judges the share whatever the count; called at the end of a pass.
   *
   * @param source the source's name
   * @throws UserError if too many samples were broken
   */
  public synchronized void judge(String source) {
    if (brokenCount() > share * examined()) {
      throw new UserError(
          source
              + ": "
              + brokenCount()
              + " of "
              + examined()
              + " samples are broken "
              + broken
              + ", allowed: "
              + share * 100
              + " %; repair the data"
              + (quarantine == null ? "" : " (list: " + quarantine.file() + ")")
              + " or raise the share");
    }
  }

  /** Samples seen, good and broken. */
  public synchronized long examined() {
    return good + brokenCount();
  }

  /** Broken samples seen. */
  public synchronized long brokenCount() {
    return broken.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Broken samples by kind. */
  public synchronized Map<Kind, Long> brokenByKind() {
    return Map.copyOf(broken);
  }
}
