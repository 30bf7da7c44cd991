package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.AugmentOptions;
import org.samclip.data.transform.Augmentation;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.train.recipe.Recipe;

/**
 * Makes the batches of self-distillation, the large crops of all images and then the small ones: of
 * every image two large crops and some small ones, each perhaps mirrored and with colours of its
 * own (multi-crop, arXiv 2006.09882; DINO, arXiv 2104.14294). All randomness comes from seed, pass
 * and key.
 */
public final class ViewBatches implements LongFunction<FeedBatch> {

  /** Large crops of an image: each is the other's target. */
  public static final int GLOBAL = 2;

  /** Decoded images that are cut and resized at the same time, by all processors. */
  private static final int CHUNK = 32;

  /**
   * Crops of one kind.
   *
   * @param count of each image
   * @param side in pixels
   * @param crop which part of an image is seen
   */
  public record Crops(int count, int side, RandomResizedCrop crop) {}

  private final ReplayStream stream;
  private final int batch;
  private final Crops global;
  private final Crops local;
  private final double plain;
  private final Augmentation colour;
  private final Normalisation normalisation;
  private final long seed;

  /**
   * @param stream of images
   * @param batch B, images a step
   * @param global the large crops, {@link #GLOBAL} of each image
   * @param local the small crops, perhaps none
   * @param plain chance of each crop that what no mask covers is one random colour, 0..1; above 0,
   *     samples need masks (BG_RM, arXiv 2103.12719)
   * @param colour mirrors each crop and changes its colours
   * @param normalisation of the network
   * @param seed of the run
   */
  public ViewBatches(
      ReplayStream stream,
      int batch,
      Crops global,
      Crops local,
      double plain,
      AugmentOptions colour,
      Normalisation normalisation,
      long seed) {
    this.stream = stream;
    this.batch = batch;
    this.global = global;
    this.local = local;
    this.plain = plain;
    this.colour = new Augmentation(colour);
    this.normalisation = normalisation;
    this.seed = seed;
  }

  @Override
  public FeedBatch apply(long step) {
    RgbImage[] large = new RgbImage[global.count() * batch];
    RgbImage[] small = new RgbImage[local.count() * batch];
    Mix mix = new Mix(stream);
    for (int i = 0; i < batch; ) {
      List<Runnable> chunk = new ArrayList<>(CHUNK);
      for (; i < batch && chunk.size() < CHUNK; i++) {
        Sample sample = stream.next();
        long own = KeyHash.seed(seed, stream.sourcePass(), sample.key());
        int at = i;
        chunk.add(
            () -> {
              SplittableRandom random = new SplittableRandom(own);
              byte[] covered = plain > 0 ? covered(sample) : null;
              cut(sample.image(), covered, global, random, large, at);
              cut(sample.image(), covered, local, random, small, at);
            });
      }
      chunk.parallelStream().forEach(Runnable::run);
    }
    return new FeedBatch(
        List.of(views(global.side(), large), views(local.side(), small)),
        mix.taken(),
        stream.position());
  }

  private ImageBatch views(int side, RgbImage[] images) {
    ImageView view = new ImageView(side, normalisation, Arrays.asList(images));
    return new ImageBatch(Map.of(Recipe.STUDENT, view), null, List.of(), 0);
  }

  /** 1 where any mask is, [H, W]. */
  private static byte[] covered(Sample sample) {
    if (sample.masks().isEmpty()) {
      byte[] all = new byte[sample.image().width() * sample.image().height()];
      Arrays.fill(all, (byte) 1); // nothing is known to be background
      return all;
    }
    return RunLengthMask.merge(sample.masks(), false).decode();
  }

  private void cut(
      RgbImage image,
      byte[] covered,
      Crops crops,
      SplittableRandom random,
      RgbImage[] into,
      int index) {
    for (int view = 0; view < crops.count(); view++) {
      boolean onPlain = random.nextDouble() < plain;
      int shade = random.nextInt(1 << 24);
      RgbImage seen = onPlain ? onPlain(image, covered, shade) : image;
      RgbImage cut = seen.crop(crops.crop().draw(image.width(), image.height(), random.nextLong()));
      RgbImage sized = Resampling.BICUBIC.resize(cut, crops.side(), crops.side());
      into[view * batch + index] = colour.apply(sized, random.nextLong());
    }
  }

  private static RgbImage onPlain(RgbImage image, byte[] covered, int shade) {
    byte[] rgb = image.rgb().clone();
    for (int i = 0; i < covered.length; i++) {
      if (covered[i] == 0) {
        rgb[3 * i] = (byte) (shade >> 16);
        rgb[3 * i + 1] = (byte) (shade >> 8);
        rgb[3 * i + 2] = (byte) shade;
      }
    }
    return new RgbImage(image.width(), image.height(), rgb);
  }
}
