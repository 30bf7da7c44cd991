package org.samclip.data.scenes;

/**
 * How scenes are composed. Sides are shares of the image's side.
 *
 * @param minObjects fewest objects drawn for a scene, at least 1
 * @param maxObjects most objects drawn for a scene; one that finds no place is left out
 * @param minSide smallest sprite of a scene
 * @param maxSide largest sprite of a scene
 * @param minCropSide smallest sprite of a single-object crop
 * @param maxCropSide largest sprite of a single-object crop
 * @param maxRotationDegrees largest turn to either side, 0..180
 * @param minVisible share of its pixels that every object keeps, 0..0.5
 * @param emptyShare share of captioned images without an object, 0..1
 * @param shortCaptionShare share of crops' captions that leave the background out, 0..1
 */
public record SceneOptions(
    int minObjects,
    int maxObjects,
    double minSide,
    double maxSide,
    double minCropSide,
    double maxCropSide,
    double maxRotationDegrees,
    double minVisible,
    double emptyShare,
    double shortCaptionShare) {

  /** Checks the ranges. */
  public SceneOptions {
    require(
        1 <= minObjects && minObjects <= maxObjects && maxObjects <= 16,
        "objects " + minObjects + ".." + maxObjects + ", allowed: 1..16");
    requireSides("side", minSide, maxSide);
    requireSides("crop side", minCropSide, maxCropSide);
    require(
        maxRotationDegrees >= 0 && maxRotationDegrees <= 180,
        "rotation " + maxRotationDegrees + ", allowed: 0..180 degrees");
    require(
        minVisible >= 0 && minVisible <= 0.5, "visible share " + minVisible + ", allowed: 0..0.5");
    requireShare("share of empty backgrounds", emptyShare);
    requireShare("share of short captions", shortCaptionShare);
  }

  /** The composition that the quickstart uses. */
  public static SceneOptions defaults() {
    return new SceneOptions(1, 5, 0.25, 0.6, 0.55, 0.9, 35, 0.35, 0.03, 0.3);
  }

  /** The same with other numbers of objects. */
  public SceneOptions withObjects(int min, int max) {
    return new SceneOptions(
        min,
        max,
        minSide,
        maxSide,
        minCropSide,
        maxCropSide,
        maxRotationDegrees,
        minVisible,
        emptyShare,
        shortCaptionShare);
  }

  /** The same with other sizes of sprites in scenes, as shares of the image's side. */
  public SceneOptions withSides(double min, double max) {
    return new SceneOptions(
        minObjects,
        maxObjects,
        min,
        max,
        minCropSide,
        maxCropSide,
        maxRotationDegrees,
        minVisible,
        emptyShare,
        shortCaptionShare);
  }

  private static void requireSides(String name, double min, double max) {
    require(
        0.05 <= min && min < max && max <= 1,
        name + " " + min + ".." + max + ", allowed: 0.05..1, the smaller first");
  }

  private static void requireShare(String name, double value) {
    require(value >= 0 && value <= 1, name + " " + value + ", allowed: 0..1");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
