package org.samclip.data.replay;

import java.util.EnumMap;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;

/** Counts good ones and bad ones by kind, and judges the share of the bad. Not for threads. */
final class ShareTally {

  private final String what;
  private final double share;
  private final long minimum;
  private final String list;
  private final Map<Kind, Long> bad = new EnumMap<>(Kind.class);
  private long good;

  /**
   * @param what is counted, and what is the matter with bad ones, for messages
   * @param key what messages call the share
   * @param share that may be bad, 0..1
   * @param minimum seen before the share is judged for the first time
   * @param list where bad ones are listed, for messages
   */
  ShareTally(String what, String key, double share, long minimum, String list) {
    if (!(share >= 0 && share <= 1)) {
      throw new UserError(key + ": " + share + ", allowed: 0..1");
    }
    this.what = what;
    this.share = share;
    this.minimum = minimum;
    this.list = list;
  }

  void good(long count) {
    good += count;
  }

  /** Counts a bad one; returns how many of its kind there are. */
  long bad(Kind kind) {
    return bad.merge(kind, 1L, Long::sum);
  }

  /** Judges if enough were seen. */
  void judgeEarly(String source) {
    if (examined() >= minimum) {
      judge(source);
    }
  }

  /** Refuses a share beyond the allowed one. */
  void judge(String source) {
    if (badCount() > share * examined()) {
      throw new UserError(
          source
              + ": "
              + badCount()
              + " of "
              + examined()
              + " "
              + what
              + " "
              + bad
              + ", allowed: "
              + share * 100
              + " %; repair the data"
              + list
              + " or raise the share");
    }
  }

  long examined() {
    return good + badCount();
  }

  long badCount() {
    return bad.values().stream().mapToLong(Long::longValue).sum();
  }

  Map<Kind, Long> byKind() {
    return Map.copyOf(bad);
  }
}
