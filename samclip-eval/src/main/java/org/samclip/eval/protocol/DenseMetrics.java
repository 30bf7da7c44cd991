package org.samclip.eval.protocol;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.data.source.EvaluationSet;
import org.samclip.eval.Background;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.SegmentationScores;

/**
 * What is told of label maps: the mean IoU with the background as the options say, and without it.
 *
 * @param name stands before the metrics' ids
 */
record DenseMetrics(String name) {

  /** In the order of columns. */
  List<Metric> list() {
    return List.of(
        Metric.share(name + "_miou", Metric.Shown.MAIN),
        Metric.share(name + "_fg_miou", Metric.Shown.TABLE),
        Metric.share("heldout_" + name + "_miou", Metric.Shown.TABLE),
        Metric.share(name + "_pixel_accuracy", Metric.Shown.DETAIL),
        Metric.share(name + "_mean_class_accuracy", Metric.Shown.DETAIL));
  }

  /** How the background is found where it counts; without such a class there is one way only. */
  static Background counted(EvaluationSet<?> set, Background asked) {
    return Background.indexIn(set.classes()) < 0 ? Background.EXCLUDED : asked;
  }

  /** The readings of the background that are measured. */
  static Set<Background> readings(EvaluationSet<?> set, Background asked) {
    return EnumSet.of(counted(set, asked), Background.EXCLUDED);
  }

  /**
   * @param counted with the background as asked
   * @param foreground without it
   * @param heldOut labels of classes that no training image shows
   */
  Map<String, ImageScores> of(ClassScores counted, ClassScores foreground, Set<Integer> heldOut) {
    Map<String, ImageScores> metrics = new LinkedHashMap<>();
    metrics.put(name + "_miou", counted);
    metrics.put(name + "_fg_miou", foreground);
    if (!heldOut.isEmpty()) {
      metrics.put("heldout_" + name + "_miou", counted.only(heldOut::contains));
    }
    metrics.put(name + "_pixel_accuracy", counted.pixelAccuracy());
    metrics.put(name + "_mean_class_accuracy", counted.as(ClassScores.Mean.ACCURACY));
    return metrics;
  }

  static Map<String, Double> perClass(List<String> classes, SegmentationScores scores) {
    Map<String, Double> iou = new LinkedHashMap<>();
    for (int i = 0; i < classes.size(); i++) {
      iou.put(classes.get(i), scores.iou().get(i));
    }
    return iou;
  }
}
