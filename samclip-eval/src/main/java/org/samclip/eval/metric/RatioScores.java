package org.samclip.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A ratio of two sums over the images. A mean is one: of a sum and a count, so that an image of ten
 * objects weighs ten times one of a single object, as in the mean over all objects.
 */
public final class RatioScores implements ImageScores {

  private final List<String> images;
  private final double[] numerators;
  private final double[] denominators;
  private final long[] counts;

  /**
   * @param images what the images are called
   * @param numerators of each image
   * @param denominators of each image, none negative
   * @param counts how many things were measured on each image
   * @throws IllegalArgumentException if the sizes differ, a number is not finite, or a denominator
   *     or a count is negative
   */
  public RatioScores(
      List<String> images, double[] numerators, double[] denominators, long[] counts) {
    this.images = List.copyOf(images);
    this.numerators = numerators.clone();
    this.denominators = denominators.clone();
    this.counts = counts.clone();
    int size = images.size();
    if (numerators.length != size || denominators.length != size || counts.length != size) {
      throw new IllegalArgumentException(
          "%d images, %d numerators, %d denominators, %d counts"
              .formatted(size, numerators.length, denominators.length, counts.length));
    }
    for (int i = 0; i < size; i++) {
      if (!Double.isFinite(numerators[i])
          || !Double.isFinite(denominators[i])
          || denominators[i] < 0
          || counts[i] < 0) {
        throw new IllegalArgumentException(
            "%s: the scores %s / %s of %d things"
                .formatted(images.get(i), numerators[i], denominators[i], counts[i]));
      }
    }
  }

  @Override
  public List<String> images() {
    return images;
  }

  @Override
  public long count() {
    return Arrays.stream(counts).sum();
  }

  /**
   * @return of each image, a copy
   */
  public double[] numerators() {
    return numerators.clone();
  }

  /**
   * @return of each image, a copy
   */
  public double[] denominators() {
    return denominators.clone();
  }

  /**
   * @return number of things measured on each image, a copy
   */
  public long[] counts() {
    return counts.clone();
  }

  @Override
  public double value(int[] times) {
    double numerator = 0;
    double denominator = 0;
    for (int i = 0; i < times.length; i++) {
      numerator += times[i] * numerators[i];
      denominator += times[i] * denominators[i];
    }
    return denominator == 0 ? Double.NaN : numerator / denominator;
  }

  /**
   * The scores of some images.
   *
   * @param chosen says of a position in {@link #images()} whether it stays
   * @return the scores of those, in the same order
   */
  public RatioScores only(IntPredicate chosen) {
    Builder builder = new Builder();
    for (int i = 0; i < images.size(); i++) {
      if (chosen.test(i)) {
        builder.image(images.get(i));
        builder.add(numerators[i], denominators[i], counts[i]);
      }
    }
    return builder.build();
  }

  /** Collects scores image by image. Not safe for several threads at once. */
  public static final class Builder {

    private final List<String> images = new ArrayList<>();
    private double[] numerators = new double[64];
    private double[] denominators = new double[64];
    private long[] counts = new long[64];

    /**
     * Begins an image, of which nothing may follow.
     *
     * @param key what it is called
     */
    public void image(String key) {
      if (images.size() == counts.length) {
        numerators = Arrays.copyOf(numerators, 2 * images.size());
        denominators = Arrays.copyOf(denominators, 2 * images.size());
        counts = Arrays.copyOf(counts, 2 * images.size());
      }
      images.add(key);
    }

    /**
     * Adds one thing to a mean.
     *
     * @param score of it, found on the image that was begun last
     */
    public void add(double score) {
      add(score, 1, 1);
    }

    /**
     * Adds to the sums.
     *
     * @param numerator what the last image adds to the first sum
     * @param denominator what it adds to the second
     * @param count how many things these are
     */
    public void add(double numerator, double denominator, long count) {
      int last = images.size() - 1;
      numerators[last] += numerator;
      denominators[last] += denominator;
      counts[last] += count;
    }

    /**
     * @return what was added so far
     */
    public RatioScores build() {
      int size = images.size();
      return new RatioScores(
          images,
          Arrays.copyOf(numerators, size),
          Arrays.copyOf(denominators, size),
          Arrays.copyOf(counts, size));
    }
  }
}
