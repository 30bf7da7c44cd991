package org.samclip.data.replay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An endless stream of decoded samples, pass after pass in new order. The order follows from the
 * seed and the data alone, not from threads, ranks or timing. Decoding runs in parallel, at most
 * {@code prefetch} samples ahead of the reader. Broken samples are skipped within the budget. Used
 * by one thread.
 *
 * <p>Several ranks share the order by rounds: in each round every rank gets one draw. A round may
 * go over the end of a pass, so that no rank runs out before the others and nobody waits. The
 * position is that of the order, the same for all ranks after the same number of rounds; so a run
 * may go on with another number of ranks.
 */
public final class ReplayStream implements Iterator<Sample>, AutoCloseable {

  /** A sample on its way and the position behind its round; without a draw: the end of a pass. */
  private record Pending(MixedOrder.Draw draw, Future<Sample> sample, Position after) {}

  private static final Logger LOG = LoggerFactory.getLogger(ReplayStream.class);

  private final Mixture mixture;
  private final ReplaySettings settings;
  private final SampleBudget budget;
  private final ExecutorService decoders;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Map<String, Long> delivered = new LinkedHashMap<>();
  private final MixedOrder order;

  /** Where the order is: behind the last round that is pending. */
  private Position ordered;

  private Position position;
  private MixedOrder.Draw last;
  private boolean wholePass;
  private long deliveredInPass;
  private boolean closed;

  /**
   * @param mixture where samples come from
   * @param settings order, rank, threads
   * @param budget how many may be broken
   * @param start where to begin, on all ranks the same; samples before it are neither listed, read
   *     nor decoded
   * @throws UserError if the start lies beyond its pass
   */
  public ReplayStream(
      Mixture mixture, ReplaySettings settings, SampleBudget budget, Position start) {
    this.mixture = mixture;
    this.settings = settings;
    this.budget = budget;
    this.position = start;
    this.ordered = start;
    this.wholePass = start.drawn() == 0;
    for (int i = 0; i < mixture.parts().size(); i++) {
      String label = mixture.parts().get(i).label();
      delivered.put(label, 0L);
      if (mixture.parts().size() > 1) {
        LOG.info(
            "{}: {} of {} draws of a pass from {}",
            mixture.name(),
            mixture.draws(i),
            mixture.draws(),
            label);
      }
    }
    decoders = Workers.pool("decode-" + mixture.name(), settings.threads());
    try {
      order = new MixedOrder(mixture, settings, start, decoders);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * A single source from the beginning; its shards are listed once beforehand.
   *
   * @param source where samples come from
   * @param selection which of them
   * @param settings order, rank, threads
   * @param budget how many may be broken
   * @throws UserError if nothing is selected
   */
  public ReplayStream(
      SampleSource source, Selection selection, ReplaySettings settings, SampleBudget budget) {
    this(Mixture.of(source, selection, settings.threads()), settings, budget, Position.START);
  }

  /** Always true: the stream is endless. */
  @Override
  public boolean hasNext() {
    return true;
  }

  /**
   * The next good sample; {@link #position} then points behind it. For a process of its own:
   * skipping what is broken would bring ranks out of step.
   *
   * @throws UserError if too many samples are broken
   */
  @Override
  public Sample next() {
    while (true) {
      Sample sample = nextOfPass();
      if (sample != null) {
        return sample;
      }
    }
  }

  /**
   * The next good sample of this pass, or {@code null} once at its end; the call after that begins
   * the next pass. For a process of its own, as {@link #next}.
   *
   * @throws UserError if too many samples are broken
   */
  public Sample nextOfPass() {
    if (settings.rank().count() > 1) {
      throw new IllegalStateException(
          "with " + settings.rank().count() + " ranks samples come by rounds: use take");
    }
    while (true) {
      Pending head = pending();
      if (head.draw() == null) {
        long good = deliveredInPass;
        if (endPass() && good == 0) {
          throw new UserError(mixture.name() + ": a whole pass gave no usable sample");
        }
        return null;
      }
      Sample sample = deliver(head);
      if (sample != null) {
        return sample;
      }
    }
  }

  /**
   * Gives the good ones of this rank's next draws. Ranks that ask for the same numbers stay in
   * step: after the call {@link #position} is the same on all of them, whatever was broken.
   *
   * @param rounds how many draws
   * @param good takes the good samples; {@link #sourcePass} is that of the sample it is given
   * @return how many were good
   * @throws UserError if too many samples are broken
   */
  public int take(int rounds, Consumer<Sample> good) {
    int taken = 0;
    for (int done = 0; done < rounds; ) {
      Pending head = pending();
      if (head.draw() == null) {
        endPass();
        continue;
      }
      done++;
      Sample sample = deliver(head);
      if (sample != null) {
        taken++;
        good.accept(sample);
      }
    }
    return taken;
  }

  private Pending pending() {
    if (closed) {
      throw new IllegalStateException("the stream of " + mixture.name() + " is closed");
    }
    while (pending.size() < settings.prefetch()) {
      addRound();
    }
    return pending.remove();
  }

  private void addRound() {
    MixedOrder.Draw own = null;
    for (int rank = 0; rank < settings.rank().count(); ) {
      MixedOrder.Draw draw = order.next();
      if (draw == null) {
        pending.add(new Pending(null, null, null));
        ordered = new Position(ordered.epoch() + 1, 0);
        continue;
      }
      ordered = new Position(ordered.epoch(), ordered.drawn() + 1);
      if (rank++ == settings.rank().index()) {
        own = draw;
      }
    }
    MixedOrder.Draw mine = own;
    pending.add(new Pending(mine, decoders.submit(() -> decode(mine)), ordered));
  }

  private Sample decode(MixedOrder.Draw draw) {
    SampleSource source = draw.part().source();
    Sample sample = source.decode(source.read(draw.ref()));
    if (mixture.parts().size() == 1) {
      return sample;
    }
    // Different sources may use the same keys.
    String key = draw.part().label() + "/" + sample.key();
    return new Sample(key, sample.image(), sample.text(), sample.masks(), sample.bad());
  }

  private Sample deliver(Pending head) {
    position = head.after();
    Sample sample = result(head);
    if (sample != null) {
      last = head.draw();
      SampleRef ref = last.ref();
      String source = last.part().source().name();
      budget.good();
      budget.annotations(
          source, ref.shard().name(), ref.key(), sample.masks().size(), sample.bad());
      deliveredInPass++;
      delivered.merge(last.part().label(), 1L, Long::sum);
    }
    return sample;
  }

  /** Returns whether the pass was seen from its beginning. */
  private boolean endPass() {
    boolean whole = wholePass;
    // After a resume only the end of the pass was seen: too little to judge by.
    if (whole) {
      budget.judge(mixture.name());
    }
    wholePass = true;
    deliveredInPass = 0;
    return whole;
  }

  /** The decoded sample, or null if it was broken. */
  private Sample result(Pending head) {
    SampleRef ref = head.draw().ref();
    try {
      return head.sample().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BrokenSampleException broken) {
        budget.broken(head.draw().part().source().name(), ref.shard().name(), ref.key(), broken);
        return null;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(
          "decoding " + ref.key() + " of " + ref.shard().path(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for a sample");
    }
  }

  /** Where the stream is: behind the last sample it gave and, with ranks, behind its round. */
  public Position position() {
    return position;
  }

  /**
   * The pass of its own source that the last sample belongs to. Only in a mixture with weights this
   * is another number than the stream's passes.
   */
  public long sourcePass() {
    return last == null ? position.epoch() : last.pass();
  }

  /** Good samples this stream has given since it was opened, by the label of their source. */
  public Map<String, Long> delivered() {
    return Map.copyOf(delivered);
  }

  /** Ends the decoder threads; samples under way are dropped. */
  @Override
  public void close() {
    if (!closed && mixture.parts().size() > 1) {
      LOG.info("{}: samples given, by source: {}", mixture.name(), delivered);
    }
    closed = true;
    decoders.shutdownNow();
    pending.clear();
    try {
      if (!decoders.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("{}: a decoder thread is still busy after 10 s", mixture.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
