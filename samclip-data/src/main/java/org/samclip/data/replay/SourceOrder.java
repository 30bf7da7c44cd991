package org.samclip.data.replay;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.Shard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The order of one source's pass: shards shuffled, then samples drawn from a buffer that runs
 * through them. Follows from the seed, the pass and the inventory alone. The buffer holds places
 * (shard and number within it), so skipping neither lists nor reads anything; a shard is listed
 * when its first sample is near.
 */
final class SourceOrder {

  private static final Logger LOG = LoggerFactory.getLogger(SourceOrder.class);

  /** A shard that still has samples to be drawn. */
  private static final class Open {
    private final FutureTask<SampleRef[]> listing;
    private int left;

    Open(FutureTask<SampleRef[]> listing, int left) {
      this.listing = listing;
      this.left = left;
    }
  }

  private final Mixture.Part part;
  private final List<Shard> shards;
  private final int[] shuffled;
  private final Executor executor;
  private final SplittableRandom random;
  private final Map<Integer, Open> open = new HashMap<>();

  /** Places that may be drawn next: the shard in the upper half, the number in the lower. */
  private final long[] buffer;

  private int filled;
  private int nextShard;
  private int shard = -1;
  private int number;
  private int draws;
  private boolean skipping = true;

  /**
   * @param part whose samples
   * @param settings buffer and seed
   * @param pass of this source, from 0
   * @param skip samples of the pass that have been drawn already
   * @param executor lists shards
   */
  SourceOrder(Mixture.Part part, ReplaySettings settings, long pass, long skip, Executor executor) {
    this.part = part;
    this.executor = executor;
    shards = part.source().shards();
    long seed = KeyHash.seed(settings.seed(), pass, part.source().name());
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    shuffled = order.stream().mapToInt(Integer::intValue).toArray();
    random = new SplittableRandom(seed);
    buffer = new long[(int) Math.min(settings.shuffleBuffer(), part.inventory().draws())];
    for (long i = 0; i < skip; i++) {
      draw();
    }
    skipping = false;
    listWhatIsLeft();
    listNext();
  }

  /** The next sample, or null at the end of the pass. */
  SampleRef next() {
    long place = draw();
    if (place < 0) {
      return null;
    }
    int of = (int) (place >>> 32);
    Open from = open.get(of);
    SampleRef[] listed = Workers.result(from.listing);
    SampleRef ref = listed[(int) place];
    listed[(int) place] = null;
    if (--from.left == 0) {
      open.remove(of);
    }
    return ref;
  }

  /** The next place, or -1 at the end of the pass. */
  private long draw() {
    while (filled < buffer.length && (number < draws || enterShard())) {
      buffer[filled++] = (long) shard << 32 | number++;
    }
    if (filled == 0) {
      return -1;
    }
    int drawn = random.nextInt(filled);
    long place = buffer[drawn];
    buffer[drawn] = buffer[--filled];
    return place;
  }

  private boolean enterShard() {
    number = 0;
    draws = 0;
    while (draws == 0 && nextShard < shuffled.length) {
      shard = shuffled[nextShard++];
      draws = part.inventory().shards().get(shard).draws();
    }
    if (draws > 0 && !skipping) {
      listNext();
    }
    return draws > 0;
  }

  /** Lists the next shard in the background while this one is drawn from. */
  private void listNext() {
    for (int i = nextShard; i < shuffled.length; i++) {
      if (part.inventory().shards().get(shuffled[i]).draws() > 0) {
        open.put(shuffled[i], list(shuffled[i]));
        return;
      }
    }
  }

  /** After skipping: the shards of which samples wait in the buffer, or that is half gone in. */
  private void listWhatIsLeft() {
    Map<Integer, BitSet> left = new HashMap<>();
    for (int i = 0; i < filled; i++) {
      left.computeIfAbsent((int) (buffer[i] >>> 32), s -> new BitSet()).set((int) buffer[i]);
    }
    if (number < draws) {
      left.computeIfAbsent(shard, s -> new BitSet()).set(number, draws);
    }
    left.forEach((of, wanted) -> open.put(of, list(of, wanted)));
  }

  private Open list(int of) {
    BitSet all = new BitSet();
    all.set(0, part.inventory().shards().get(of).draws());
    return list(of, all);
  }

  private Open list(int of, BitSet wanted) {
    FutureTask<SampleRef[]> listing = new FutureTask<>(() -> listed(of, wanted));
    executor.execute(listing);
    return new Open(listing, wanted.cardinality());
  }

  /** A shard's selected samples by number; those that are not wanted any more stay null. */
  private SampleRef[] listed(int of, BitSet wanted) {
    Shard at = shards.get(of);
    int expected = part.inventory().shards().get(of).draws();
    SampleRef[] refs = new SampleRef[expected];
    int found = 0;
    String why = "";
    try {
      for (SampleRef ref : part.source().list(at)) {
        if (part.selection().takes(ref)) {
          if (found < expected && wanted.get(found)) {
            refs[found] = ref;
          }
          why = ref.isRest() ? ": " + ref.failure().getMessage() : why;
          found++;
        }
      }
    } catch (UserError e) {
      why = ": " + e.getMessage();
    }
    if (found > expected) {
      LOG.warn(
          "{}: {} holds {} selected samples, {} when it was counted; the last {} are left out",
          part.source().name(),
          at.path(),
          found,
          expected,
          found - expected);
    }
    for (int lost = Math.min(found, expected); lost < expected; lost++) {
      if (wanted.get(lost)) {
        refs[lost] = lost(at, lost, found, expected, why);
      }
    }
    return refs;
  }

  private static SampleRef lost(Shard at, int lost, int found, int expected, String why) {
    return new SampleRef(
        at,
        "(sample " + (lost + 1) + " of " + at.name() + ")",
        List.of(),
        new BrokenSampleException(
            Kind.UNREADABLE,
            at.path()
                + ": "
                + found
                + " selected samples are there, "
                + expected
                + " were when it was counted"
                + why));
  }
}
