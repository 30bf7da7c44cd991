package org.samclip.data.replay;

import java.util.concurrent.Executor;
import org.samclip.UserError;
import org.samclip.data.source.SampleRef;

/**
 * The one order in which a mixture is replayed, pass after pass. Every rank goes through the whole
 * of it. Works on references, so it costs no reading or decoding.
 */
final class MixedOrder {

  /**
   * One place in the order.
   *
   * @param part whose sample
   * @param pass of that source, from 0
   * @param ref the sample
   */
  record Draw(Mixture.Part part, long pass, SampleRef ref) {}

  private final Mixture mixture;
  private final ReplaySettings settings;
  private final Executor executor;
  private final SourceOrder[] orders;

  /** Samples drawn of each source, in all passes. */
  private final long[] drawn;

  private Mixture.Turns turns;
  private long epoch;

  MixedOrder(Mixture mixture, ReplaySettings settings, Position start, Executor executor) {
    this.mixture = mixture;
    this.settings = settings;
    this.executor = executor;
    orders = new SourceOrder[mixture.parts().size()];
    drawn = new long[orders.length];
    epoch = start.epoch();
    if (start.drawn() > mixture.draws()) {
      throw new UserError(
          mixture.name()
              + ": cannot continue at sample "
              + start.drawn()
              + " of pass "
              + epoch
              + ": the data has only "
              + mixture.draws()
              + " selected samples now; continue with the data the run began with");
    }
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = Math.multiplyExact(epoch, mixture.draws(i));
    }
    turns = mixture.new Turns(settings.seed(), epoch);
    for (long i = 0; i < start.drawn(); i++) {
      drawn[turns.next()]++;
    }
  }

  /** The next sample, or null at the end of a pass; the call after that begins the next one. */
  Draw next() {
    int at = turns.next();
    if (at < 0) {
      turns = mixture.new Turns(settings.seed(), ++epoch);
      return null;
    }
    Mixture.Part part = mixture.parts().get(at);
    long size = part.inventory().draws();
    long pass = drawn[at] / size;
    long skip = drawn[at]++ % size;
    if (skip == 0 || orders[at] == null) {
      orders[at] = new SourceOrder(part, settings, pass, skip, executor);
    }
    return new Draw(part, pass, orders[at].next());
  }
}
