package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.Rank;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.train.recipe.AreaScaledBatch.Draw;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.PromptsSpec;

/**
 * Whole images, the longer side resized and the rest padded, with prompts drawn from their masks
 * where the feed has prompts. Images without a usable mask are then passed over, and counted.
 */
final class PaddedMaker implements BatchMaker {

  /** So many images in a row without a usable mask: the data cannot be what was meant. */
  private static final int MOST_PASSED_OVER = 10_000;

  private final ReplayStream stream;
  private final String data;
  private final PromptsSpec spec;
  private final MaskPrompts prompts;
  private final boolean withTargets;
  private final List<Viewer> viewers;
  private final long seed;
  private final Rank rank;
  private int inARow;

  /**
   * @param spec of the feed
   * @param stream of images, with masks if it has prompts
   * @param viewers the student first
   * @param withTargets whether the true masks are wanted
   * @param seed of the prompts
   * @param rank whose share of each batch is made
   */
  PaddedMaker(
      FeedSpec spec,
      ReplayStream stream,
      List<Viewer> viewers,
      boolean withTargets,
      long seed,
      Rank rank) {
    this.stream = stream;
    this.data = spec.data();
    this.spec = spec.prompts();
    this.prompts = spec.prompts() == null ? null : new MaskPrompts(spec.prompts());
    this.withTargets = withTargets;
    this.viewers = viewers;
    this.seed = seed;
    this.rank = rank;
  }

  @Override
  public ImageBatch of(long step, Draw draw) {
    Share share = Share.of(rank, draw.batchSize(), 1);
    int count = share.size();
    Map<Integer, RgbImage[]> bySide = new TreeMap<>();
    for (Viewer viewer : viewers) {
      int side = viewer.side().applyAsInt(draw.resolution());
      bySide.computeIfAbsent(side, any -> new RgbImage[count]);
    }
    SamPreprocess student = new SamPreprocess(draw.resolution());
    Drawn drawn = prompts == null ? null : new Drawn(student, count);
    List<String> texts = new ArrayList<>(count);
    int passedOver = 0;
    for (int i = 0; i < share.all(); ) {
      Sample sample = stream.next();
      // Whether another rank's image is usable is asked as well, so that all count alike.
      List<MaskPrompts.Prompt> own = drawn == null ? null : drawn.draw(sample);
      if (own != null && own.isEmpty()) {
        passedOver++;
        requireUsable(++inARow);
        continue;
      }
      inARow = 0;
      int at = i++ - share.from();
      if (at < 0 || at >= count) {
        continue;
      }
      if (own != null) {
        drawn.put(at, own, sample);
      }
      bySide.forEach((side, images) -> images[at] = new SamPreprocess(side).resize(sample.image()));
      texts.add(sample.text());
    }
    Map<String, ImageView> seen = new LinkedHashMap<>();
    for (Viewer viewer : viewers) {
      int side = viewer.side().applyAsInt(draw.resolution());
      List<RgbImage> images = Arrays.asList(bySide.get(side));
      seen.put(viewer.name(), new ImageView(side, viewer.normalisation(), images));
    }
    PromptBatch all = drawn == null ? null : drawn.batch();
    return new ImageBatch(seen, Shifts.NONE, all, texts, passedOver, share);
  }

  /** The prompts of a batch as they are drawn. */
  private final class Drawn {
    private final SamPreprocess student;
    private final int p = spec.perImage();
    private final float[] xy;
    private final long[] labels;
    private final float[] isPoint;
    private final byte[][] targets;

    Drawn(SamPreprocess student, int count) {
      this.student = student;
      xy = new float[count * p * 4];
      labels = new long[count * p * 2];
      isPoint = new float[count * p];
      targets = withTargets ? new byte[count * p][] : null;
    }

    /** An image's prompts; none if it has no usable mask. */
    List<MaskPrompts.Prompt> draw(Sample sample) {
      SamPreprocess.Frame frame = student.frame(sample.image().width(), sample.image().height());
      long own = KeyHash.seed(seed, stream.sourcePass(), sample.key());
      return prompts.draw(sample.masks(), frame, own);
    }

    void put(int image, List<MaskPrompts.Prompt> drawn, Sample sample) {
      for (int j = 0; j < drawn.size(); j++) {
        MaskPrompts.Prompt prompt = drawn.get(j);
        int at = image * p + j;
        System.arraycopy(prompt.xy(), 0, xy, at * 4, 4);
        System.arraycopy(prompt.labels(), 0, labels, at * 2, 2);
        isPoint[at] = prompt.point() ? 1 : 0;
        if (withTargets) {
          targets[at] = student.apply(sample.masks().get(prompt.mask()));
        }
      }
    }

    PromptBatch batch() {
      return new PromptBatch(p, student.size(), xy, labels, isPoint, targets);
    }
  }

  private void requireUsable(int passedOver) {
    if (passedOver > MOST_PASSED_OVER) {
      throw new UserError(
          "data."
              + data
              + ": "
              + passedOver
              + " images in a row had no usable mask (none, empty, or over max_mask_share "
              + spec.maxMaskShare()
              + " of the image)");
    }
  }
}
