package org.samclip.train.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Crop;
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
    ImageView student = ImageView.empty(count, draw.resolution());
    ImageView teacher = ImageView.empty(count, teacherSide);
    List<String> texts = new ArrayList<>(count);
    Map<String, Long> before = stream.delivered();
    for (int i = 0; i < count; ) {
      List<Runnable> chunk = new ArrayList<>(CHUNK);
      for (; i < count && chunk.size() < CHUNK; i++) {
        Sample sample = stream.next();
        long epoch = stream.sourcePass();
        long view = crops == 0 ? epoch : epoch % crops;
        long own = KeyHash.seed(seed, view, sample.key());
        int at = i;
        chunk.add(() -> put(sample.image(), own, at, student, teacher));
        texts.add(sample.text());
      }
      chunk.parallelStream().forEach(Runnable::run);
    }
    Map<String, Long> mix = new TreeMap<>(stream.delivered());
    mix.replaceAll((source, given) -> given - before.get(source));
    return new ClipBatch(student, teacher, texts, mix, stream.position());
  }

  private void put(RgbImage image, long own, int at, ImageView student, ImageView teacher) {
    Crop seen = crop.draw(image.width(), image.height(), own);
    RgbImage cut = image.crop(seen);
    RgbImage forStudent = resize(cut, student.side());
    RgbImage forTeacher =
        student.side() == teacher.side() ? forStudent : resize(cut, teacher.side());
    student.put(at, Normalisation.SAM.apply(forStudent));
    teacher.put(at, Normalisation.CLIP.apply(forTeacher));
  }

  private static RgbImage resize(RgbImage image, int side) {
    return Resampling.BICUBIC.resize(image, side, side);
  }
}
