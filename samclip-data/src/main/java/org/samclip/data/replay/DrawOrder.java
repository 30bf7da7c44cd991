package org.samclip.data.replay;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;

/**
 * The order of one pass: shards shuffled, then samples drawn from a buffer that runs through them.
 * Follows from the seed and the pass alone. Works on references, so it costs no reading or
 * decoding.
 */
final class DrawOrder {

  private final SampleSource source;
  private final Selection selection;
  private final int bufferSize;
  private final Executor executor;
  private final List<Shard> shards;
  private final SplittableRandom random;
  private final List<SampleRef> buffer = new ArrayList<>();

  private int nextShard;
  private FutureTask<List<SampleRef>> listing;
  private List<SampleRef> current = List.of();
  private int at;

  DrawOrder(SampleSource source, ReplaySettings settings, long epoch, Executor executor) {
    this.source = source;
    this.selection = settings.selection();
    this.bufferSize = settings.shuffleBuffer();
    this.executor = executor;
    shards = new ArrayList<>(source.shards());
    long seed = KeyHash.seed(settings.seed(), epoch, source.name());
    Collections.shuffle(shards, new Random(seed));
    random = new SplittableRandom(seed);
    listAhead();
  }

  /** The next sample, or null at the end of the pass. */
  SampleRef next() {
    while (buffer.size() < bufferSize) {
      SampleRef stored = nextStored();
      if (stored == null) {
        break;
      }
      buffer.add(stored);
    }
    if (buffer.isEmpty()) {
      return null;
    }
    int last = buffer.size() - 1;
    int drawn = random.nextInt(buffer.size());
    Collections.swap(buffer, drawn, last);
    return buffer.remove(last);
  }

  private SampleRef nextStored() {
    while (true) {
      while (at < current.size()) {
        SampleRef ref = current.get(at++);
        // The lost rest of a shard belongs to no key: it counts on whatever side is read.
        if (ref.isRest() || selection.contains(ref.key())) {
          return ref;
        }
      }
      if (listing == null) {
        return null;
      }
      current = take(listing);
      at = 0;
      listAhead();
    }
  }

  /** Lists the next shard in the background while this one is drawn from. */
  private void listAhead() {
    if (nextShard == shards.size()) {
      listing = null;
      return;
    }
    Shard shard = shards.get(nextShard++);
    listing = new FutureTask<>(() -> source.list(shard));
    executor.execute(listing);
  }

  private static List<SampleRef> take(FutureTask<List<SampleRef>> listing) {
    try {
      return listing.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while listing a shard");
    }
  }
}
