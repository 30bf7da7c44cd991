package org.samclip.eval.metric;

import java.util.List;

/**
 * Ratios of a confusion matrix, all in 0 to 1. A ratio whose denominator is 0 is not defined and is
 * {@code null}, and means leave it out.
 *
 * @param pixels number of pixels counted
 * @param iou per class: hits / (target + predicted - hits); null for a class that is neither in the
 *     target nor in the prediction
 * @param miou mean of the defined {@code iou}; a class that is only predicted counts with 0
 * @param miouOverTargetClasses mean of {@code iou} over the classes that occur in the target
 * @param classAccuracy per class: hits / target
 * @param meanClassAccuracy mean of the defined {@code classAccuracy}
 * @param pixelAccuracy hits of all classes / pixels
 * @param frequencyWeightedIou sum over the target classes of their share of the pixels times {@code
 *     iou}
 */
public record SegmentationScores(
    long pixels,
    List<Double> iou,
    Double miou,
    Double miouOverTargetClasses,
    List<Double> classAccuracy,
    Double meanClassAccuracy,
    Double pixelAccuracy,
    Double frequencyWeightedIou) {}
