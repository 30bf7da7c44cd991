package org.samclip.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Pixels of each class in each image, and a mean over the classes of a ratio of their sums over the
 * images. An image holds only the classes that occur in it, so memory grows with those and not with
 * the number of classes.
 *
 * <p>The mean is over the classes for which the ratio is defined on the images that count: for
 * {@link Mean#IOU} those that occur in a target or a prediction of the whole set, never of single
 * images. {@link ConfusionMatrix} gives the same numbers.
 */
public final class ClassScores implements ImageScores {

  /** Which ratio is averaged over the classes. */
  public enum Mean {
    /** Hits / (target + predicted - hits). */
    IOU,
    /** Hits / target. */
    ACCURACY
  }

  /** Pixels of one class in one image: rightly named, of the class, named as the class. */
  public record Pixels(int label, long hits, long target, long predicted) {

    /** Refuses what cannot be counted. */
    public Pixels {
      if (label < 0
          || label >= ConfusionMatrix.MAX_CLASSES
          || hits < 0
          || hits > Math.min(target, predicted)) {
        throw new IllegalArgumentException(
            "class %d: %d hits, %d in the target, %d predicted"
                .formatted(label, hits, target, predicted));
      }
    }
  }

  private final List<String> images;
  private final List<List<Pixels>> pixels;
  private final Mean mean;

  /** The pixels once more, image after image in plain arrays: a bootstrap adds them up often. */
  private final int[] ends;

  private final int[] labels;
  private final long[] hits;
  private final long[] denominators;
  private final int classes;

  /**
   * @param images what the images are called
   * @param pixels of each image, the classes that occur in its target or its prediction
   * @param mean what is averaged
   * @throws IllegalArgumentException if the sizes differ
   */
  public ClassScores(List<String> images, List<List<Pixels>> pixels, Mean mean) {
    if (images.size() != pixels.size()) {
      throw new IllegalArgumentException(images.size() + " images, and pixels of " + pixels.size());
    }
    this.images = List.copyOf(images);
    this.pixels = pixels.stream().map(List::copyOf).toList();
    this.mean = mean;
    List<Pixels> all = pixels.stream().flatMap(List::stream).toList();
    this.ends = new int[images.size()];
    for (int i = 0, end = 0; i < ends.length; i++) {
      end += pixels.get(i).size();
      ends[i] = end;
    }
    this.labels = all.stream().mapToInt(Pixels::label).toArray();
    this.hits = all.stream().mapToLong(Pixels::hits).toArray();
    this.denominators = all.stream().mapToLong(this::denominator).toArray();
    this.classes = Arrays.stream(labels).max().orElse(-1) + 1;
  }

  @Override
  public List<String> images() {
    return images;
  }

  @Override
  public long count() {
    return images.size();
  }

  /**
   * @return of each image, the classes that occur in it
   */
  public List<List<Pixels>> pixels() {
    return pixels;
  }

  /**
   * @return what is averaged
   */
  public Mean mean() {
    return mean;
  }

  @Override
  public double value(int[] times) {
    long[] right = new long[classes];
    long[] all = new long[classes];
    for (int i = 0; i < times.length; i++) {
      int begin = i == 0 ? 0 : ends[i - 1];
      for (int at = times[i] == 0 ? ends[i] : begin; at < ends[i]; at++) {
        right[labels[at]] += times[i] * hits[at];
        all[labels[at]] += times[i] * denominators[at];
      }
    }
    double sum = 0;
    int defined = 0;
    for (int c = 0; c < classes; c++) {
      if (all[c] > 0) {
        sum += (double) right[c] / all[c];
        defined++;
      }
    }
    return defined == 0 ? Double.NaN : sum / defined;
  }

  private long denominator(Pixels found) {
    return mean == Mean.IOU ? found.target + found.predicted - found.hits : found.target;
  }

  /**
   * The mean over some classes.
   *
   * @param chosen says of a label whether its class stays
   * @return the scores of those classes on the same images
   */
  public ClassScores only(IntPredicate chosen) {
    return new ClassScores(
        images,
        pixels.stream()
            .map(image -> image.stream().filter(found -> chosen.test(found.label)).toList())
            .toList(),
        mean);
  }

  /**
   * @param other what is averaged instead
   * @return the same pixels under the other mean
   */
  public ClassScores as(Mean other) {
    return new ClassScores(images, pixels, other);
  }

  /**
   * @return hits of all classes / pixels, on the same images; its n is the number of images
   */
  public RatioScores pixelAccuracy() {
    RatioScores.Builder builder = new RatioScores.Builder();
    for (int i = 0; i < images.size(); i++) {
      builder.image(images.get(i));
      long hits = pixels.get(i).stream().mapToLong(Pixels::hits).sum();
      long target = pixels.get(i).stream().mapToLong(Pixels::target).sum();
      builder.add(hits, target, 1);
    }
    return builder.build();
  }

  /** Collects the mean IoU image by image. Not safe for several threads at once. */
  public static final class Builder {

    private final int classes;
    private final int ignore;
    private final List<String> images = new ArrayList<>();
    private final List<List<Pixels>> pixels = new ArrayList<>();

    /**
     * @param classes number of classes
     * @param ignore target value of pixels that do not count, none of the classes
     */
    public Builder(int classes, int ignore) {
      this.classes = classes;
      this.ignore = ignore;
    }

    /**
     * Adds an image.
     *
     * @param key what it is called
     * @param target true classes, any order of pixels; 0 to classes - 1, or the ignored value
     * @param prediction predicted classes in the same order, 0 to classes - 1 wherever the target
     *     counts
     */
    public void add(String key, int[] target, int[] prediction) {
      long[] hits = new long[classes];
      long[] targets = new long[classes];
      long[] predicted = new long[classes];
      for (int i = 0; i < target.length; i++) {
        if (target[i] != ignore) {
          targets[target[i]]++;
          predicted[prediction[i]]++;
          if (target[i] == prediction[i]) {
            hits[target[i]]++;
          }
        }
      }
      List<Pixels> found = new ArrayList<>();
      for (int c = 0; c < classes; c++) {
        if (targets[c] + predicted[c] > 0) {
          found.add(new Pixels(c, hits[c], targets[c], predicted[c]));
        }
      }
      images.add(key);
      pixels.add(found);
    }

    /**
     * @return what was added so far
     */
    public ClassScores build() {
      return new ClassScores(images, pixels, Mean.IOU);
    }
  }
}
