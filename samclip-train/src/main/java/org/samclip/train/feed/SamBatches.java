package org.samclip.train.feed;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.train.recipe.SourcesSpec.PromptsSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;

/**
 * Makes the SAM batch of a step: images at SAM's resolution, each with P prompts drawn from its
 * masks. Images without a usable mask are passed over and counted in the batch.
 */
public final class SamBatches implements LongFunction<SamBatch> {

  /** So many images in a row without a usable mask: the data cannot be what was meant. */
  private static final int MOST_PASSED_OVER = 10_000;

  private final ReplayStream stream;
  private final int batchSize;
  private final SamPreprocess preprocess;
  private final PromptSpec spec;
  private final MaskPrompts prompts;
  private final boolean withTargets;
  private final long seed;
  private int inARow;

  /**
   * @param stream of images with masks
   * @param batchSize B
   * @param side resolution in pixels
   * @param spec how masks become prompts
   * @param withTargets whether the true masks are wanted
   * @param seed of the run
   */
  public SamBatches(
      ReplayStream stream,
      int batchSize,
      int side,
      PromptSpec spec,
      boolean withTargets,
      long seed) {
    this.stream = stream;
    this.batchSize = batchSize;
    this.preprocess = new SamPreprocess(side);
    this.spec = spec;
    this.prompts = new MaskPrompts(spec);
    this.withTargets = withTargets;
    this.seed = seed;
  }

  /**
   * @param source of the recipe
   * @param stream of images with masks
   * @param withTargets whether the true masks are wanted
   * @param seed of the run
   * @return the batches that the recipe asks for
   */
  public static SamBatches of(
      SamSourceSpec source, ReplayStream stream, boolean withTargets, long seed) {
    PromptsSpec p = source.prompts();
    PromptSpec prompts =
        new PromptSpec(
            source.masksPerImage(),
            p.pointShare(),
            p.boxJitter(),
            p.boxJitterMaxPixels(),
            p.maxMaskShare());
    return new SamBatches(
        stream, source.batchSize(), source.resolution(), prompts, withTargets, seed);
  }

  @Override
  public SamBatch apply(long step) {
    int side = preprocess.size();
    int p = spec.perImage();
    RgbImage[] images = new RgbImage[batchSize];
    float[] xy = new float[batchSize * p * 4];
    long[] labels = new long[batchSize * p * 2];
    float[] isPoint = new float[batchSize * p];
    byte[][] targets = withTargets ? new byte[batchSize * p][] : null;
    Mix mix = new Mix(stream);
    int passedOver = 0;
    for (int i = 0; i < batchSize; ) {
      Sample sample = stream.next();
      SamPreprocess.Frame frame = preprocess.frame(sample.image().width(), sample.image().height());
      long own = KeyHash.seed(seed, stream.sourcePass(), sample.key());
      List<MaskPrompts.Prompt> drawn = prompts.draw(sample.masks(), frame, own);
      if (drawn.isEmpty()) {
        passedOver++;
        inARow++;
        requireUsable();
        continue;
      }
      inARow = 0;
      images[i] = preprocess.resize(sample.image());
      for (int j = 0; j < p; j++) {
        MaskPrompts.Prompt prompt = drawn.get(j);
        int at = i * p + j;
        System.arraycopy(prompt.xy(), 0, xy, at * 4, 4);
        System.arraycopy(prompt.labels(), 0, labels, at * 2, 2);
        isPoint[at] = prompt.point() ? 1 : 0;
        if (withTargets) {
          targets[at] = preprocess.apply(sample.masks().get(prompt.mask()));
        }
      }
      i++;
    }
    ImageView view = new ImageView(side, preprocess.normalisation(), Arrays.asList(images));
    return new SamBatch(
        view, p, xy, labels, isPoint, targets, mix.taken(), passedOver, stream.position());
  }

  private void requireUsable() {
    if (inARow > MOST_PASSED_OVER) {
      throw new org.samclip.UserError(
          "data.sam: "
              + inARow
              + " images in a row had no usable mask (none, empty, or over max_mask_share "
              + spec.maxMaskShare()
              + " of the image)");
    }
  }
}
