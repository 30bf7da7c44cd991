package org.samclip.eval.metric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.data.mask.RunLengthMask;

/**
 * Average precision and recall as COCO's own evaluation counts them: ten IoU thresholds .50 to .95,
 * 101 recall points, four ranges of area, at most 1, 10 and 100 detections per image and category.
 * Images stream through {@link #add}; only match flags are kept. Not safe for several threads.
 *
 * <p>Equal scores keep their order within an image and ascending image id between images. A crowd
 * takes any number of detections, which then neither help nor harm, and its overlap is divided by
 * the detection's area.
 *
 * @param <R> what is compared: masks or boxes
 * @see <a href="https://cocodataset.org/#detection-eval">COCO detection evaluation</a>
 */
public final class CocoAveragePrecision<R> {

  /** Limits of the detections per image and category. */
  static final int[] MAX_DETECTIONS = {1, 10, 100};

  private static final int MOST = MAX_DETECTIONS[MAX_DETECTIONS.length - 1];

  /**
   * The overlap of a detection and a ground truth.
   *
   * @param <R> what is compared
   */
  @FunctionalInterface
  public interface Overlap<R> {
    /**
     * @param detection the detection
     * @param truth the ground truth
     * @param crowd whether the truth is a crowd: the intersection is divided by the detection
     * @return 0 to 1
     */
    double iou(R detection, R truth, boolean crowd);
  }

  /**
   * One annotated object.
   *
   * @param category category id
   * @param crowd whether it is a crowd
   * @param area its area in pixels as annotated, which decides small, medium or large
   * @param region mask or box
   * @param <R> what is compared
   */
  public record Truth<R>(long category, boolean crowd, double area, R region) {}

  /**
   * One detected object.
   *
   * @param category category id
   * @param score confidence; only its order counts, and it must not be NaN
   * @param area its area in pixels
   * @param region mask or box
   * @param <R> what is compared
   */
  public record Detection<R>(long category, double score, double area, R region) {
    /** Refuses a score that has no order. */
    public Detection {
      if (Double.isNaN(score)) {
        throw new IllegalArgumentException("the score of a detection is NaN");
      }
    }
  }

  private final Overlap<R> overlap;

  /** Matches per category, then per image, both in ascending order. */
  private final TreeMap<Long, TreeMap<Long, CocoMatches>> matches = new TreeMap<>();

  private final Map<Long, Boolean> images = new HashMap<>();

  private CocoAveragePrecision(Overlap<R> overlap) {
    this.overlap = overlap;
  }

  /**
   * @return an evaluation of masks, all of the size of their image
   */
  public static CocoAveragePrecision<RunLengthMask> ofMasks() {
    return new CocoAveragePrecision<>(RunLengthMask::iou);
  }

  /**
   * @return an evaluation of boxes {@code x, y, width, height} in pixels
   */
  public static CocoAveragePrecision<double[]> ofBoxes() {
    return new CocoAveragePrecision<>(CocoAveragePrecision::boxIou);
  }

  /**
   * Adds one image with all its objects, annotated and detected. An image without annotations
   * counts as well: what is detected there is wrong.
   *
   * @param image image id, new
   * @param truths annotated objects of all categories
   * @param detections detected objects of all categories; all but the 100 best of each category are
   *     left out
   * @throws IllegalArgumentException if the image was added before
   */
  public void add(long image, List<Truth<R>> truths, List<Detection<R>> detections) {
    if (images.put(image, true) != null) {
      throw new IllegalArgumentException("image " + image + " was added twice");
    }
    Map<Long, List<Truth<R>>> truthsOf = new TreeMap<>();
    Map<Long, List<Detection<R>>> detectionsOf = new TreeMap<>();
    for (Truth<R> truth : truths) {
      truthsOf.computeIfAbsent(truth.category(), c -> new ArrayList<>()).add(truth);
      detectionsOf.computeIfAbsent(truth.category(), c -> new ArrayList<>());
    }
    for (Detection<R> detection : detections) {
      detectionsOf.computeIfAbsent(detection.category(), c -> new ArrayList<>()).add(detection);
    }
    detectionsOf.forEach(
        (category, found) -> {
          found.sort(Comparator.comparingDouble((Detection<R> d) -> d.score()).reversed());
          List<Detection<R>> best = found.subList(0, Math.min(MOST, found.size()));
          List<Truth<R>> annotated = truthsOf.getOrDefault(category, List.of());
          matches
              .computeIfAbsent(category, c -> new TreeMap<>())
              .put(image, CocoMatches.of(annotated, best, overlap));
        });
  }

  /**
   * @return the twelve numbers over all images added so far
   */
  public CocoScores scores() {
    return curves().scores();
  }

  /** Precision and recall over all images added so far. */
  CocoCurves curves() {
    List<CocoCurves.OfCategory> curves = new ArrayList<>();
    matches.forEach(
        (category, perImage) ->
            curves.add(CocoCurves.OfCategory.of(category, List.copyOf(perImage.values()))));
    return new CocoCurves(curves);
  }

  static double boxIou(double[] detection, double[] truth, boolean crowd) {
    double width =
        Math.min(detection[0] + detection[2], truth[0] + truth[2])
            - Math.max(detection[0], truth[0]);
    double height =
        Math.min(detection[1] + detection[3], truth[1] + truth[3])
            - Math.max(detection[1], truth[1]);
    if (width <= 0 || height <= 0) {
      return 0;
    }
    double shared = width * height;
    double area = detection[2] * detection[3];
    return shared / (crowd ? area : area + truth[2] * truth[3] - shared);
  }
}
