package org.samclip.data.prepare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.source.Sample;

/**
 * What data look like: shards and samples counted from the listings, sizes and masks from samples
 * that are decoded, in the shuffled order so that a part stands for the whole.
 */
public final class DataSurvey {

  /** Hears of every decoded sample. */
  @FunctionalInterface
  public interface Viewer {

    /**
     * @param sample decoded
     * @param number from 1
     */
    void view(Sample sample, long number);
  }

  private final Mixture mixture;
  private final Histogram sides =
      new Histogram(
          "longer side, pixels", 32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192);
  private final Histogram aspects =
      new Histogram("width / height", .25, .5, .67, .8, .95, 1.05, 1.25, 1.5, 2, 4);
  private final Histogram masks =
      new Histogram("masks an image", 1, 2, 3, 5, 10, 20, 50, 100, 200, 500);
  private final Histogram areas =
      new Histogram("mask area, share of the image", .0001, .001, .01, .03, .1, .3, .5, .7, .9);
  private long looked;
  private long withText;
  private Map<Kind, Long> broken = Map.of();
  private Map<Kind, Long> bad = Map.of();

  /**
   * @param mixture what to look at
   */
  public DataSurvey(Mixture mixture) {
    this.mixture = mixture;
  }

  /**
   * Decodes samples.
   *
   * @param limit most of them; 0: every one
   * @param settings order and threads
   * @param viewer sees each
   * @throws UserError if the limit is negative
   */
  public void look(long limit, ReplaySettings settings, Viewer viewer) {
    if (limit < 0) {
      throw new UserError("limit " + limit + ": allowed: 0 (all samples) or more");
    }
    SampleBudget all = SampleBudget.counting(null);
    try (ReplayStream stream = new ReplayStream(mixture, settings, all, Position.START)) {
      long draws = limit == 0 ? mixture.draws() : Math.min(limit, mixture.draws());
      for (long i = 0; i < draws; i++) {
        stream.take(1, sample -> add(sample, viewer));
      }
    }
    broken = all.brokenByKind();
    bad = all.badAnnotations();
  }

  private void add(Sample sample, Viewer viewer) {
    looked++;
    int width = sample.image().width();
    int height = sample.image().height();
    sides.add(Math.max(width, height));
    aspects.add((double) width / height);
    masks.add(sample.masks().size());
    for (RunLengthMask mask : sample.masks()) {
      areas.add((double) mask.area() / ((double) width * height));
    }
    withText += sample.text() == null ? 0 : 1;
    viewer.view(sample, looked);
  }

  /** Several lines, each ended. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < mixture.parts().size(); i++) {
      Mixture.Part part = mixture.parts().get(i);
      Inventory inventory = part.inventory();
      text.append(
          String.format(
              Locale.ROOT,
              "%s: %d shards (%d without a selected sample), %d samples selected, %s%n",
              part.source().name(),
              inventory.shards().size(),
              inventory.empty(),
              inventory.usable(),
              part.weight() == null ? "each once an epoch" : mixture.draws(i) + " draws an epoch"));
      inventory.leftOut().forEach(entry -> text.append("  left out: ").append(entry).append('\n'));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "decoded %d samples: %d with text, %d broken %s, %d bad annotations %s%n",
            looked + sum(broken),
            withText,
            sum(broken),
            new TreeMap<>(broken),
            sum(bad),
            new TreeMap<>(bad)));
    text.append('\n').append(sides.text()).append('\n').append(aspects.text());
    if (areas.total() > 0) {
      text.append('\n').append(masks.text()).append('\n').append(areas.text());
    }
    return text.toString().replace("\r\n", "\n");
  }

  private static long sum(Map<Kind, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * The same as JSON.
   *
   * @param root is filled
   */
  public void json(ObjectNode root) {
    ObjectNode sources = root.putObject("sources");
    for (int i = 0; i < mixture.parts().size(); i++) {
      Mixture.Part part = mixture.parts().get(i);
      ObjectNode node = sources.putObject(part.label());
      node.put("shards", part.inventory().shards().size());
      node.put("empty_shards", part.inventory().empty());
      node.put("samples", part.inventory().usable());
      node.put("draws_an_epoch", mixture.draws(i));
      ObjectNode leftOut = node.putObject("left_out");
      part.inventory()
          .leftOut()
          .forEach(
              entry -> {
                ObjectNode rule = leftOut.putObject(entry.rule().name());
                rule.put("count", entry.count());
                entry.first().forEach(rule.withArrayProperty("first")::add);
              });
    }
    root.put("decoded", looked + sum(broken));
    root.put("with_text", withText);
    ObjectNode kinds = root.putObject("broken");
    new TreeMap<>(broken).forEach((kind, count) -> kinds.put(kind.name(), count));
    ObjectNode causes = root.putObject("bad_annotations");
    new TreeMap<>(bad).forEach((kind, count) -> causes.put(kind.name(), count));
    sides.json(root, "longer_side");
    aspects.json(root, "aspect");
    masks.json(root, "masks_an_image");
    areas.json(root, "mask_area");
  }
}
