package org.samclip.train.recipe;

import java.util.List;

/**
 * How a ViT learns from its own moving average (DINO, arXiv 2104.14294; iBOT, arXiv 2111.07832;
 * DINOv2, arXiv 2304.07193).
 *
 * @param prototypes K, over which student and teacher divide an image
 * @param hidden width of the head's layers
 * @param bottleneck width before the prototypes
 * @param globalCrop least and greatest share of the image's area in a large crop
 * @param localCrops small crops of an image, 0..16
 * @param localSide of the small crops in pixels
 * @param localCrop least and greatest share of the image's area in a small crop
 * @param plainBackground chance of each crop that what no mask covers is one colour, so that images
 *     are not told apart by their backgrounds; 0: masks are not used
 * @param studentTemperature of the student's shares
 * @param teacherTemperature of the teacher's shares, below the student's
 * @param momentum of the teacher at the start; it rises to 1
 * @param viewWeight weight of the loss between views over the prototypes (DINO)
 * @param contrastWeight weight of the loss by which views find their image in the batch (InfoNCE)
 * @param contrastTemperature of the latter
 * @param patchWeight weight of the loss of hidden patches (iBOT); 0: none are hidden
 * @param koleoWeight weight of the term that spreads a batch's features (KoLeo)
 */
public record SelfDistillationSpec(
    int prototypes,
    int hidden,
    int bottleneck,
    List<Double> globalCrop,
    int localCrops,
    int localSide,
    List<Double> localCrop,
    double plainBackground,
    double studentTemperature,
    double teacherTemperature,
    double momentum,
    double viewWeight,
    double contrastWeight,
    double contrastTemperature,
    double patchWeight,
    double koleoWeight) {

  /** Checks ranges. */
  public SelfDistillationSpec {
    Check.that(prototypes >= 2 && prototypes <= 1 << 20, "prototypes", prototypes, "2 to 1048576");
    Check.that(hidden >= 1 && hidden <= 1 << 16, "hidden", hidden, "1 to 65536");
    Check.that(bottleneck >= 2 && bottleneck <= 1 << 16, "bottleneck", bottleneck, "2 to 65536");
    Check.that(localCrops >= 0 && localCrops <= 16, "local_crops", localCrops, "0 to 16");
    Check.resolution("local_side", localSide);
    globalCrop = List.copyOf(globalCrop);
    localCrop = List.copyOf(localCrop);
    checkCrop("global_crop", globalCrop);
    checkCrop("local_crop", localCrop);
    Check.share("plain_background", plainBackground);
    Check.positive("student_temperature", studentTemperature);
    Check.that(
        teacherTemperature > 0 && teacherTemperature <= studentTemperature,
        "teacher_temperature",
        teacherTemperature,
        "above 0, up to student_temperature (" + studentTemperature + ")");
    Check.that(momentum >= 0 && momentum < 1, "momentum", momentum, "0 to below 1, such as 0.99");
    Check.notNegative("view_weight", viewWeight);
    Check.notNegative("contrast_weight", contrastWeight);
    Check.that(
        viewWeight + contrastWeight > 0,
        "view_weight",
        "0, as is contrast_weight",
        "one of the two above 0, or the class token learns nothing");
    Check.positive("contrast_temperature", contrastTemperature);
    Check.notNegative("patch_weight", patchWeight);
    Check.notNegative("koleo_weight", koleoWeight);
  }

  private static void checkCrop(String key, List<Double> crop) {
    Check.that(
        crop.size() == 2 && crop.get(0) > 0 && crop.get(0) <= crop.get(1) && crop.get(1) <= 1,
        key,
        crop,
        "two shares of the area, the smaller first, above 0 and up to 1, such as [0.1, 0.4]");
  }
}
