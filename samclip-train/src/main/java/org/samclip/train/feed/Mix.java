package org.samclip.train.feed;

import java.util.Map;
import java.util.TreeMap;
import org.samclip.data.replay.ReplayStream;

/** Which sources the images of a batch came from. */
final class Mix {

  private final ReplayStream stream;
  private final Map<String, Long> before;

  /**
   * @param stream from which a batch is about to be made
   */
  Mix(ReplayStream stream) {
    this.stream = stream;
    this.before = stream.delivered();
  }

  /**
   * @return samples taken since then, by the name of their source; empty where there is only one
   */
  Map<String, Long> taken() {
    if (before.size() < 2) {
      return Map.of();
    }
    Map<String, Long> taken = new TreeMap<>(stream.delivered());
    taken.replaceAll((source, given) -> given - before.get(source));
    return taken;
  }
}
