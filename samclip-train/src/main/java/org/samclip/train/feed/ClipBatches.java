package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;

/**
 * Makes the CLIP batch of a step: one resolution is drawn, the batch scales with its area, and
 * student and teacher see the same random crops. All randomness comes from seed, step and key.
 */
public final class ClipBatches implements LongFunction<ClipBatch> {

  /** Decoded images that are cut and resized at the same time, by all processors. */
  private static final int CHUNK = 32;

  private final ReplayStream stream;
  private final AreaScaledBatch sizes;
  private final RandomResizedCrop crop;
  private final int teacherSide;
  private final int crops;
  private final long seed;

  /**
   * @param stream of images
   * @param sizes resolutions of the student and batch sizes
   * @param crop which part of an image is seen
   * @param teacherSide the teacher's resolution in pixels
   * @param crops so many crops of an image are seen, one an epoch, in turn; 0: always a new one
   * @param seed of the run
   */
  public ClipBatches(
      ReplayStream stream,
      AreaScaledBatch sizes,
      RandomResizedCrop crop,
      int teacherSide,
      int crops,
      long seed) {
    this.stream = stream;
    this.sizes = sizes;
    this.crop = crop;
    this.teacherSide = teacherSide;
    this.crops = crops;
    this.seed = seed;
  }

  /**
   * @param source of the recipe
   * @param stream of images
   * @param teacherSide the teacher's resolution in pixels
   * @param seed of the run
   * @return the batches that the recipe asks for
   */
  public static ClipBatches of(
      ClipSourceSpec source, ReplayStream stream, int teacherSide, long seed) {
    RandomResizedCrop crop =
        new RandomResizedCrop(source.crop().get(0), source.crop().get(1), 3. / 4, 4. / 3);
    return new ClipBatches(stream, source.batches(), crop, teacherSide, source.views(), seed);
  }

  @Override
  public ClipBatch apply(long step) {
    AreaScaledBatch.Draw draw = sizes.at(seed, step);
    int count = draw.batchSize();
    RgbImage[] student = new RgbImage[count];
    // One image serves both where both see it at the same resolution.
    RgbImage[] teacher = draw.resolution() == teacherSide ? student : new RgbImage[count];
    List<String> texts = new ArrayList<>(count);
    Mix mix = new Mix(stream);
    for (int i = 0; i < count; ) {
      List<Runnable> chunk = new ArrayList<>(CHUNK);
      for (; i < count && chunk.size() < CHUNK; i++) {
        Sample sample = stream.next();
        long epoch = stream.sourcePass();
        long view = crops == 0 ? epoch : epoch % crops;
        long own = KeyHash.seed(seed, view, sample.key());
        int at = i;
        chunk.add(
            () -> {
              RgbImage cut = cut(sample.image(), own);
              student[at] = resize(cut, draw.resolution());
              if (teacher != student) {
                teacher[at] = resize(cut, teacherSide);
              }
            });
        texts.add(sample.text());
      }
      chunk.parallelStream().forEach(Runnable::run);
    }
    return new ClipBatch(
        new ImageView(draw.resolution(), Normalisation.SAM, Arrays.asList(student)),
        new ImageView(teacherSide, Normalisation.CLIP, Arrays.asList(teacher)),
        texts,
        mix.taken(),
        stream.position());
  }

  private RgbImage cut(RgbImage image, long own) {
    return image.crop(crop.draw(image.width(), image.height(), own));
  }

  private static RgbImage resize(RgbImage image, int side) {
    return Resampling.BICUBIC.resize(image, side, side);
  }
}
