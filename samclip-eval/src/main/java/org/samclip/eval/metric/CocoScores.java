package org.samclip.eval.metric;

import java.util.Map;

/**
 * COCO's twelve numbers, each 0 to 1, or -1 where there was no object to be found. Precision is the
 * mean over categories and, unless said otherwise, over the IoU thresholds .50 to .95, at 100
 * detections per image and category.
 *
 * @param ap average precision
 * @param ap50 at IoU .50
 * @param ap75 at IoU .75
 * @param apSmall of objects up to 32 x 32 pixels
 * @param apMedium of objects from 32 x 32 to 96 x 96 pixels
 * @param apLarge of objects from 96 x 96 pixels
 * @param ar1 recall with one detection per image and category
 * @param ar10 recall with 10
 * @param ar100 recall with 100
 * @param arSmall recall with 100, objects up to 32 x 32 pixels
 * @param arMedium recall with 100, objects from 32 x 32 to 96 x 96 pixels
 * @param arLarge recall with 100, objects from 96 x 96 pixels
 * @param apPerCategory average precision of each category id
 */
public record CocoScores(
    double ap,
    double ap50,
    double ap75,
    double apSmall,
    double apMedium,
    double apLarge,
    double ar1,
    double ar10,
    double ar100,
    double arSmall,
    double arMedium,
    double arLarge,
    Map<Long, Double> apPerCategory) {}
