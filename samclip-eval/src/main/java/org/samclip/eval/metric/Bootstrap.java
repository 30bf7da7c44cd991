package org.samclip.eval.metric;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * 95 % intervals by the percentile bootstrap over images (Efron and Tibshirani, An Introduction to
 * the Bootstrap, 1993, chapter 13): as many images are drawn with replacement as the set has, the
 * metric is computed on them, and this {@value #RESAMPLES} times; the interval reaches from the 2.5
 * % to the 97.5 % quantile. Objects of one image are drawn together, since their scores are not
 * independent.
 *
 * <p>For a difference of models each draw of images is used for all of them: what makes an image
 * hard for all cancels, and the interval is far narrower than those of the models. Draws on which
 * the metric is not defined, such as those without any image of a rare class, are left out.
 *
 * <p>The same scores give the same interval everywhere: the draws come from {@link Random} with a
 * fixed seed. An interval over images says what other images of the same kind would do to the
 * number; it says nothing of another training run. Where all images score alike it has no width.
 */
public final class Bootstrap {

  /** Number of draws. */
  public static final int RESAMPLES = 1000;

  private static final double TAIL = .025;
  private static final long SEED = 20231015;

  private Bootstrap() {}

  /**
   * @param scores of a model
   * @return the metric and its interval
   * @throws IllegalArgumentException if there is nothing to measure
   */
  public static Measurement measure(ImageScores scores) {
    return mean(List.of(scores));
  }

  /**
   * The paired difference of two models.
   *
   * @param model scores of the one
   * @param reference scores of the other on the same images
   * @return model - reference and its interval
   * @throws IllegalArgumentException if the images differ or there is nothing to measure
   */
  public static Measurement difference(ImageScores model, ImageScores reference) {
    return difference(List.of(model), List.of(reference));
  }

  /**
   * The mean over several models, such as those of several seeds. The images are drawn, the models
   * are not: the interval is that of the mean of just these models.
   *
   * @param models scores of each on the same images, at least one
   * @return the mean of the models' metrics and its interval
   * @throws IllegalArgumentException if the images differ or there is nothing to measure
   */
  public static Measurement mean(List<? extends ImageScores> models) {
    requireSameImages(models, models.get(0));
    return measure(models.get(0), times -> mean(models, times));
  }

  /**
   * The paired difference of the means of two groups of models. The groups may differ in size: all
   * models see the same draws.
   *
   * @param models scores of each on the same images, at least one
   * @param references scores of each on the same images, at least one
   * @return mean of the models - mean of the references, and its interval
   * @throws IllegalArgumentException if the images differ or there is nothing to measure
   */
  public static Measurement difference(
      List<? extends ImageScores> models, List<? extends ImageScores> references) {
    requireSameImages(models, models.get(0));
    requireSameImages(references, models.get(0));
    return measure(models.get(0), times -> mean(models, times) - mean(references, times));
  }

  /**
   * The paired ratio of two models: the share of a teacher's skill that a model has kept.
   *
   * @param model scores of the one
   * @param reference scores of the other on the same images
   * @return model / reference and its interval
   * @throws IllegalArgumentException if the images differ, or the reference is 0
   */
  public static Measurement ratio(ImageScores model, ImageScores reference) {
    requireSameImages(List.of(reference), model);
    return measure(
        model,
        times -> {
          double below = reference.value(times);
          return below == 0 ? Double.NaN : model.value(times) / below;
        });
  }

  private static double mean(List<? extends ImageScores> models, int[] times) {
    double sum = 0;
    for (ImageScores model : models) {
      sum += model.value(times);
    }
    return sum / models.size();
  }

  private static void requireSameImages(List<? extends ImageScores> models, ImageScores first) {
    for (ImageScores model : models) {
      if (!model.images().equals(first.images())) {
        throw new IllegalArgumentException(
            "scores of different images: "
                + described(first)
                + " and "
                + described(model)
                + "; models can be compared on the same images only");
      }
    }
  }

  private static String described(ImageScores scores) {
    List<String> images = scores.images();
    return images.size() + (images.isEmpty() ? "" : " from " + images.get(0));
  }

  private static Measurement measure(ImageScores scores, ToDoubleFunction<int[]> statistic) {
    int images = scores.images().size();
    int[] times = new int[images];
    Arrays.fill(times, 1);
    double value = statistic.applyAsDouble(times);
    if (Double.isNaN(value)) {
      throw new IllegalArgumentException("nothing was measured on " + images + " images");
    }
    Random random = new Random(SEED);
    double[] drawn = new double[RESAMPLES];
    int defined = 0;
    for (int r = 0; r < RESAMPLES; r++) {
      Arrays.fill(times, 0);
      for (int i = 0; i < images; i++) {
        times[random.nextInt(images)]++;
      }
      double one = statistic.applyAsDouble(times);
      if (!Double.isNaN(one)) {
        drawn[defined++] = one;
      }
    }
    double[] sorted = Arrays.copyOf(drawn, defined);
    Arrays.sort(sorted);
    return new Measurement(
        value, scores.count(), quantile(sorted, TAIL), quantile(sorted, 1 - TAIL));
  }

  /** Linear between the neighbours, as numpy's {@code quantile}. */
  private static double quantile(double[] sorted, double share) {
    double position = share * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
