package org.samclip.data.replay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An endless stream of decoded samples, pass after pass in new order. The order follows from the
 * seed alone, not from threads or timing. Decoding runs in parallel, at most {@code prefetch}
 * samples ahead of the reader. Broken samples are skipped within the budget. Used by one thread.
 */
public final class ReplayStream implements Iterator<Sample>, AutoCloseable {

  /** A sample on its way; without a reference it marks the end of a pass. */
  private record Pending(SampleRef ref, Future<Sample> sample) {}

  private static final Logger LOG = LoggerFactory.getLogger(ReplayStream.class);

  private final SampleSource source;
  private final ReplaySettings settings;
  private final SampleBudget budget;
  private final ExecutorService decoders;
  private final Deque<Pending> pending = new ArrayDeque<>();

  private DrawOrder order;
  private long orderEpoch;
  private long drawnForOrder;
  private Position position;
  private boolean passEnded;
  private boolean wholePass;
  private long deliveredInPass;
  private boolean closed;

  /**
   * @param source where samples come from
   * @param settings selection, order, threads
   * @param budget how many may be broken
   * @param start where to begin; samples before it are neither read nor decoded
   * @throws UserError if nothing is selected or the start lies beyond its pass
   */
  public ReplayStream(
      SampleSource source, ReplaySettings settings, SampleBudget budget, Position start) {
    this.source = source;
    this.settings = settings;
    this.budget = budget;
    this.position = start;
    this.orderEpoch = start.epoch();
    this.wholePass = start.drawn() == 0;
    int[] number = new int[1];
    decoders =
        Executors.newFixedThreadPool(
            settings.threads(),
            task -> {
              Thread thread = new Thread(task, "decode-" + source.name() + "-" + number[0]++);
              thread.setDaemon(true);
              return thread;
            });
    try {
      order = new DrawOrder(source, settings, orderEpoch, decoders);
      skipInOrder(start.drawn());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * From the beginning.
   *
   * @param source where samples come from
   * @param settings selection, order, threads
   * @param budget how many may be broken
   */
  public ReplayStream(SampleSource source, ReplaySettings settings, SampleBudget budget) {
    this(source, settings, budget, Position.START);
  }

  private void skipInOrder(long count) {
    for (long i = 0; i < count; i++) {
      if (order.next() == null) {
        throw new UserError(
            source.name()
                + ": cannot continue at sample "
                + count
                + " of pass "
                + orderEpoch
                + ": the data has only "
                + i
                + " selected samples now; continue with the data the run began with");
      }
      drawnForOrder++;
    }
  }

  /** Always true: the stream is endless. */
  @Override
  public boolean hasNext() {
    return true;
  }

  /**
   * The next good sample; {@link #position} then points behind it.
   *
   * @throws UserError if nothing is selected or too many samples are broken
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
   * the next pass.
   *
   * @throws UserError if nothing is selected or too many samples are broken
   */
  public Sample nextOfPass() {
    if (closed) {
      throw new IllegalStateException("the stream of " + source.name() + " is closed");
    }
    while (true) {
      fill();
      Pending head = pending.remove();
      if (head.ref() == null) {
        endPass();
        return null;
      }
      if (passEnded) {
        position = new Position(position.epoch() + 1, 0);
        passEnded = false;
      }
      position = new Position(position.epoch(), position.drawn() + 1);
      Sample sample = take(head);
      if (sample != null) {
        budget.good();
        deliveredInPass++;
        return sample;
      }
    }
  }

  private void endPass() {
    // After a resume only the end of the pass was seen: too little to judge by.
    if (wholePass) {
      budget.judge(source.name());
      if (deliveredInPass == 0) {
        throw new UserError(source.name() + ": a whole pass gave no usable sample");
      }
    }
    wholePass = true;
    passEnded = true;
    deliveredInPass = 0;
  }

  private void fill() {
    while (pending.size() < settings.prefetch()) {
      SampleRef ref = order.next();
      if (ref != null) {
        drawnForOrder++;
        pending.add(new Pending(ref, decoders.submit(() -> source.decode(source.read(ref)))));
        continue;
      }
      if (drawnForOrder == 0) {
        throw nothingSelected();
      }
      pending.add(new Pending(null, null));
      order = new DrawOrder(source, settings, ++orderEpoch, decoders);
      drawnForOrder = 0;
    }
  }

  private UserError nothingSelected() {
    Selection selection = settings.selection();
    return new UserError(
        source.name()
            + ": no sample selected from "
            + source.shards().size()
            + " shards (subset "
            + selection.subset()
            + ", hold-out "
            + selection.holdOut()
            + ", side "
            + selection.side()
            + "); use more data or larger shares");
  }

  /** The decoded sample, or null if it was broken. */
  private Sample take(Pending head) {
    try {
      return head.sample().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BrokenSampleException broken) {
        budget.broken(source.name(), head.ref().shard().name(), head.ref().key(), broken);
        return null;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(
          "decoding " + head.ref().key() + " of " + head.ref().shard().path(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for a sample");
    }
  }

  /** Where the stream is: directly behind the last sample that {@link #next} gave. */
  public Position position() {
    return position;
  }

  /**
   * Counts the selected samples of one pass from the shards' listings, without reading payloads.
   * Samples whose listing already shows them broken are not counted.
   *
   * @param source where samples come from
   * @param selection which samples
   * @return how many
   */
  public static long count(SampleSource source, Selection selection) {
    long count = 0;
    for (Shard shard : source.shards()) {
      for (SampleRef ref : source.list(shard)) {
        if (ref.failure() == null && selection.contains(ref.key())) {
          count++;
        }
      }
    }
    return count;
  }

  /** Ends the decoder threads; samples under way are dropped. */
  @Override
  public void close() {
    closed = true;
    decoders.shutdownNow();
    pending.clear();
    try {
      if (!decoders.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("{}: a decoder thread is still busy after 10 s", source.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
