package org.samclip.data.replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.samclip.UserError;
import org.samclip.data.source.SampleSource;

/**
 * The sources that feed one stream. A pass has as many draws as all of them together have samples.
 * Without weights each sample is drawn once in a pass. With weights each source gets its share of
 * the draws: a small source with a large weight is gone through more than once in a pass, a large
 * one with a small weight goes on in the next pass where it stopped in this one; of its own passes
 * each gives every sample once.
 */
public final class Mixture {

  /**
   * One source.
   *
   * @param label what stands before the key of its samples in a mixture of several, and in metrics
   * @param source where samples come from
   * @param selection which of them
   * @param weight its share of the draws, in proportion to the others'; null: as many as it has
   *     samples, allowed only where no part has a weight
   * @param inventory what the source held when the run began
   */
  public record Part(
      String label, SampleSource source, Selection selection, Double weight, Inventory inventory) {

    /** Checks the weight. */
    public Part {
      if (weight != null && !(weight > 0 && Double.isFinite(weight))) {
        throw new UserError(
            source.name()
                + ": weight "
                + weight
                + ", allowed: a finite number above 0; leave out a source that is not wanted");
      }
    }
  }

  private final String name;
  private final List<Part> parts;
  private final long[] quotas;

  /**
   * @param name what messages call it
   * @param parts at least one, with different labels
   * @throws UserError if a source has no selected sample, or only some parts have a weight
   */
  public Mixture(String name, List<Part> parts) {
    this.name = name;
    this.parts = List.copyOf(parts);
    Set<String> labels = new HashSet<>();
    for (Part part : this.parts) {
      if (!labels.add(part.label())) {
        throw new UserError(name + ": two sources are named " + part.label());
      }
      if (part.inventory().draws() == 0) {
        throw nothingSelected(part);
      }
    }
    quotas = quotas();
  }

  /**
   * A single source, counted now.
   *
   * @param source where samples come from
   * @param selection which of them
   * @param threads that count
   * @return the mixture
   */
  public static Mixture of(SampleSource source, Selection selection, int threads) {
    Inventory inventory = Inventory.of(source, selection, threads);
    return new Mixture(
        source.name(), List.of(new Part(source.name(), source, selection, null, inventory)));
  }

  private static UserError nothingSelected(Part part) {
    Selection selection = part.selection();
    Inventory inventory = part.inventory();
    StringBuilder message = new StringBuilder(part.source().name());
    if (inventory.found() > 0) {
      message.append(
          ": no sample selected: %d in %d shards, but none in subset %s, hold-out %s, side %s"
              .formatted(
                  inventory.found(),
                  inventory.shards().size(),
                  selection.subset(),
                  selection.holdOut(),
                  selection.side()));
      message.append("; use larger shares");
    } else {
      message.append(": no sample in ").append(inventory.shards().size()).append(" shards");
      message.append(inventory.leftOut().isEmpty() ? "; they are empty" : "; left out: ");
    }
    message.append(
        inventory.leftOut().stream().map(Object::toString).collect(Collectors.joining("; ")));
    return new UserError(message.toString());
  }

  /** Whole numbers of draws by weight, with the sum of the sources' sizes (largest remainders). */
  private long[] quotas() {
    long[] whole = parts.stream().mapToLong(part -> part.inventory().draws()).toArray();
    long weighted = parts.stream().filter(part -> part.weight() != null).count();
    if (weighted == 0) {
      return whole;
    }
    if (weighted < parts.size()) {
      throw new UserError(
          name + ": only some sources have a weight; give one to all of them, or to none");
    }
    long total = Arrays.stream(whole).sum();
    double weights = parts.stream().mapToDouble(Part::weight).sum();
    long left = total;
    List<Integer> byRemainder = new ArrayList<>();
    double[] exact = new double[whole.length];
    for (int i = 0; i < whole.length; i++) {
      exact[i] = total * (parts.get(i).weight() / weights);
      whole[i] = (long) exact[i];
      left -= whole[i];
      byRemainder.add(i);
    }
    byRemainder.sort(Comparator.comparingDouble(i -> Math.floor(exact[i]) - exact[i]));
    for (int i = 0; i < left; i++) {
      whole[byRemainder.get(i % whole.length)]++;
    }
    for (int i = 0; i < whole.length; i++) {
      if (whole[i] == 0) {
        throw new UserError(
            parts.get(i).source().name()
                + ": weight "
                + parts.get(i).weight()
                + " gives it none of the "
                + total
                + " draws of a pass; give it more, or leave it out");
      }
    }
    return whole;
  }

  /** What messages call it. */
  public String name() {
    return name;
  }

  /** The sources. */
  public List<Part> parts() {
    return parts;
  }

  /** Draws of one pass, broken samples included. */
  public long draws() {
    return Arrays.stream(quotas).sum();
  }

  /** Samples of all sources whose listing shows nothing wrong: what an epoch is counted by. */
  public long usable() {
    return parts.stream().mapToLong(part -> part.inventory().usable()).sum();
  }

  /**
   * Draws of one source in a pass.
   *
   * @param part its place in {@link #parts()}
   * @return at least 1
   */
  public long draws(int part) {
    return quotas[part];
  }

  /** In which order the sources take turns in one pass; follows from the seed and the pass. */
  final class Turns {

    private final SplittableRandom random;
    private final long[] left = quotas.clone();
    private long total = draws();

    Turns(long seed, long pass) {
      random = new SplittableRandom(KeyHash.seed(seed, pass, "mix"));
    }

    /** The next source's place in {@link #parts()}, or -1 at the end of the pass. */
    int next() {
      if (total == 0) {
        return -1;
      }
      int part = 0;
      if (left.length > 1) {
        // Without replacement: the quotas come out exactly, in an order without any pattern.
        for (long at = random.nextLong(total); at >= left[part]; part++) {
          at -= left[part];
        }
      }
      left[part]--;
      total--;
      return part;
    }
  }
}
