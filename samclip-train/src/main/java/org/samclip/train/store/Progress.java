package org.samclip.train.store;

import java.util.Map;
import org.samclip.data.replay.Position;

/**
 * Where a run is.
 *
 * @param phase name of the row that is being trained
 * @param step steps done in it
 * @param updates steps done in all phases
 * @param positions of the streams, by feed
 * @param means running means of balanced losses, by objective
 * @param best look at the phase's models so far, or null
 */
public record Progress(
    String phase,
    long step,
    long updates,
    Map<String, Position> positions,
    Map<String, Double> means,
    Best best) {

  public Progress {
    positions = Map.copyOf(positions);
    means = Map.copyOf(means);
  }
}
