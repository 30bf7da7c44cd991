package org.samclip.data.prepare;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.replay.KeyTally;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.Shard;

/** Reads and decodes every selected sample once, and looks for keys that occur twice. */
public final class DataVerification {

  /**
   * What was found.
   *
   * @param good samples that decode
   * @param broken others by kind
   * @param annotations masks in the good samples, and annotations that gave none as they are bad
   * @param badAnnotations these by kind
   * @param emptyShards shards without a selected sample
   * @param duplicateKeys keys that occur more than once in a source, in different shards
   */
  public record Result(
      long good,
      Map<Kind, Long> broken,
      long annotations,
      Map<Kind, Long> badAnnotations,
      long emptyShards,
      long duplicateKeys) {

    /** Copies the maps, in a fixed order. */
    public Result {
      broken = Collections.unmodifiableMap(new TreeMap<>(broken));
      badAnnotations = Collections.unmodifiableMap(new TreeMap<>(badAnnotations));
    }

    /** Samples that cannot be used. */
    public long brokenCount() {
      return broken.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Annotations of good samples that cannot be used. */
    public long badAnnotationCount() {
      return badAnnotations.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /** Hears how far the reading has come. */
  @FunctionalInterface
  public interface Progress {

    /**
     * @param done samples
     * @param total samples
     */
    void read(long done, long total);
  }

  private DataVerification() {}

  /**
   * Reads everything.
   *
   * @param mixture what to read; weights do not matter
   * @param threads that read and decode
   * @param quarantine where broken samples and bad annotations are listed, or null
   * @param progress hears of every sample
   * @return what was found
   */
  public static Result run(Mixture mixture, int threads, Quarantine quarantine, Progress progress) {
    SampleBudget all = SampleBudget.counting(quarantine);
    // In stored order within a shard, which disks like best.
    ReplaySettings settings = new ReplaySettings(1, 0, threads, Math.max(8, 4 * threads));
    long empty = 0;
    long duplicates = 0;
    long total = mixture.parts().stream().mapToLong(part -> part.inventory().draws()).sum();
    for (Mixture.Part part : mixture.parts()) {
      empty += part.inventory().empty();
      duplicates += duplicates(part);
      Mixture alone =
          new Mixture(
              part.source().name(),
              List.of(
                  new Mixture.Part(
                      part.label(), part.source(), part.selection(), null, part.inventory())));
      try (ReplayStream stream = new ReplayStream(alone, settings, all, Position.START)) {
        for (long i = 0; i < alone.draws(); i++) {
          stream.take(1, sample -> {});
          progress.read(all.examined(), total);
        }
      }
    }
    return new Result(
        all.examined() - all.brokenCount(),
        all.brokenByKind(),
        all.annotationsExamined(),
        all.badAnnotations(),
        empty,
        duplicates);
  }

  /** Within a shard they follow each other, and are broken already. */
  private static long duplicates(Mixture.Part part) {
    KeyTally keys = new KeyTally();
    for (Shard shard : part.source().shards()) {
      String last = null;
      for (SampleRef ref : part.source().list(shard)) {
        boolean again = ref.key().equals(last);
        if (!ref.isRest() && !again && part.selection().contains(ref.key())) {
          keys.add(ref.key());
        }
        last = ref.key();
      }
    }
    return keys.repeated();
  }
}
