package org.samclip.train.recipe;

import java.util.List;
import java.util.Map;
import org.samclip.data.transform.Mosaic;

/**
 * Data of a step, seen by the student and by the teachers of its objectives.
 *
 * @param data name of the data
 * @param batchSize images per step at the base resolution
 * @param microBatch images per forward pass at the base resolution; gradients accumulate; absent:
 *     the whole batch
 * @param resolutions sides of the student's images in pixels; the batch scales with the area
 * @param baseResolution side in pixels for which both sizes are meant; absent: the first of the
 *     resolutions
 * @param draw whether a step sees one of the resolutions or all of them
 * @param fit how an image becomes a square; absent: padded with prompts, cropped without
 * @param crop least and greatest share of the image's area in a random resized crop
 * @param views so many crops of an image are seen, one an epoch, in turn; 0: a new one each epoch
 * @param subset share of the data's training images that this feed sees, above 0 up to 1
 * @param augment what else is done to a crop; absent: nothing
 * @param prompts how masks become prompts; absent: the feed has none
 * @param sides what the teachers see, by their names: {@code own}, the side they were made for;
 *     {@code same}, the student's; {@code grid}, as many patches as the student has; {@code
 *     mosaic}, four of the student's images as one of its own side, for features of patches; or
 *     pixels. A teacher that is not named sees padded images at the student's side, and crops at
 *     its own
 * @param shift most patches by which student and teachers see a crop moved, each by itself; patches
 *     are compared where both see the same. 0: not at all
 * @param dropTeachers chance that an image leaves out a teacher, unless its loss is the largest of
 *     all; absent: none is left out
 * @param objectives by name: what is learned from it
 */
public record FeedSpec(
    String data,
    int batchSize,
    @Optional Integer microBatch,
    List<Integer> resolutions,
    @Optional Integer baseResolution,
    Draw draw,
    @Optional Fit fit,
    List<Double> crop,
    int views,
    double subset,
    @Optional AugmentSpec augment,
    @Optional PromptsSpec prompts,
    Map<String, String> sides,
    int shift,
    @Optional Double dropTeachers,
    Map<String, ObjectiveSpec> objectives) {

  /** Which of the resolutions a step sees. */
  public enum Draw {
    /** One, drawn at random. */
    ONE,
    /** All of them, each with its batch. */
    ALL
  }

  /** How an image becomes a square. */
  public enum Fit {
    /** A random part of it, resized without keeping its shape. */
    CROP,
    /** The longer side resized, the rest padded (SAM). */
    PAD
  }

  /** Side of a teacher that sees four of the student's images as one. */
  public static final String MOSAIC = "mosaic";

  private static final List<String> SIDES = List.of("own", "same", "grid", MOSAIC);

  /** Checks sizes and ranges. */
  public FeedSpec {
    Check.name("data", data);
    Check.atLeast(1, "batch_size", batchSize);
    if (microBatch != null) {
      Check.that(
          microBatch >= 1 && microBatch <= batchSize,
          "micro_batch",
          microBatch,
          "1 to batch_size (" + batchSize + ")");
    }
    resolutions = Check.notEmpty("resolutions", resolutions);
    resolutions.forEach(r -> Check.resolution("resolutions", r));
    Check.distinct("resolutions", resolutions, r -> r);
    if (baseResolution != null) {
      Check.resolution("base_resolution", baseResolution);
    }
    crop = List.copyOf(crop);
    Check.that(
        crop.size() == 2 && crop.get(0) > 0 && crop.get(0) <= crop.get(1) && crop.get(1) <= 1,
        "crop",
        crop,
        "two shares of the area, the smaller first, above 0 and up to 1, such as [0.9, 1.0]");
    Check.that(views >= 0 && views <= 1000, "views", views, "0 to 1000");
    Check.that(subset > 0 && subset <= 1, "subset", subset, "above 0, up to 1");
    boolean padded = fit == Fit.PAD || fit == null && prompts != null;
    if (prompts != null) {
      Check.that(padded, "fit", "crop", "pad, as prompts are points of the whole image");
    }
    if (padded) {
      String nothing = "nothing, as images are padded, not cropped";
      Check.that(augment == null, "augment", "given", nothing);
      Check.that(shift == 0, "shift", shift, "0, as images are padded, not cropped");
    }
    sides = Check.names("sides", sides);
    sides.forEach(
        (teacher, side) ->
            Check.that(
                SIDES.contains(side) || side.matches("[1-9][0-9]{0,3}"),
                "sides." + teacher,
                side,
                "own, same, grid, mosaic, or a side in pixels"));
    Check.that(shift >= 0 && shift <= 64, "shift", shift, "0 to 64 patches");
    if (sides.containsValue(MOSAIC)) {
      String key = "sides." + first(sides, MOSAIC);
      Check.that(!padded, key, MOSAIC, "another side, as images are padded, not cropped");
      int base = baseResolution == null ? resolutions.get(0) : baseResolution;
      AreaScaledBatch all = new AreaScaledBatch(batchSize, base, resolutions);
      for (int side : resolutions) {
        fours("batch_size", batchSize, all.batchFor(side), side);
        if (microBatch != null) {
          fours("micro_batch", microBatch, all.scaled(microBatch, side), side);
        }
      }
    }
    if (dropTeachers != null) {
      Check.share("drop_teachers", dropTeachers);
    }
    objectives = Check.names("objectives", objectives);
  }

  private static String first(Map<String, String> sides, String side) {
    return sides.entrySet().stream()
        .filter(entry -> entry.getValue().equals(side))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  private static void fours(String key, int given, int images, int side) {
    Check.that(
        images % Mosaic.IMAGES == 0,
        key,
        given + ", " + images + " images at " + side + " px",
        "multiples of 4 at every resolution, as a teacher sees mosaics of four images");
  }

  /**
   * @return whether a teacher sees several images as one
   */
  public boolean hasMosaic() {
    return sides.containsValue(MOSAIC);
  }

  /**
   * @return whether images are padded, not cropped
   */
  public boolean padded() {
    return fit == Fit.PAD || fit == null && prompts != null;
  }

  /**
   * @return the batch at each resolution
   */
  public AreaScaledBatch batches() {
    return new AreaScaledBatch(batchSize, baseSide(), resolutions);
  }

  /**
   * @return side in pixels for which the batch is meant
   */
  public int baseSide() {
    return baseResolution == null ? resolutions.get(0) : baseResolution;
  }

  /**
   * @return images of a step on average
   */
  public double meanBatch() {
    double drawn = batches().meanBatch();
    return draw == Draw.ALL ? drawn * resolutions.size() : drawn;
  }
}
