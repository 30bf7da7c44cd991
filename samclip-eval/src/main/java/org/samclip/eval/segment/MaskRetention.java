package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.eval.metric.RatioScores;

/**
 * How much a model's masks are still its teacher's: finer than the IoU with the truth, where a
 * model may lose the teacher's masks for others that are as good on average. Of each prompt the
 * single mask counts, at the same side as the teacher's.
 */
public final class MaskRetention implements SingleMaskListener {

  /** By how much the threshold is moved up and down for the stability score. */
  private static final float STABILITY_OFFSET = 1;

  private final Optional<TeacherMasks> teacher;
  private final RatioScores.Builder iou = new RatioScores.Builder();
  private final RatioScores.Builder magnitude = new RatioScores.Builder();
  private final RatioScores.Builder stability = new RatioScores.Builder();
  private int image = -1;
  private int prompt;
  private String key;

  /**
   * @param teacher what the teacher drew of the same prompts; none: only the stability is measured
   */
  public MaskRetention(Optional<TeacherMasks> teacher) {
    this.teacher = teacher;
  }

  @Override
  public void onImage(String name) {
    image++;
    prompt = 0;
    key = name;
    iou.image(key);
    magnitude.image(key);
    stability.image(key);
  }

  @Override
  public void onMask(NDArray coarse, NDArray full) {
    stability.add(stability(full));
    teacher.ifPresent(
        masks -> {
          TeacherMasks.Mask own = TeacherMasks.of(coarse, full);
          if (!Double.isFinite(own.magnitude())) {
            throw new UserError(key + ": the model's mask logits are not finite numbers");
          }
          TeacherMasks.Mask other = masks.get(image, key, prompt);
          boolean bothEmpty = own.mask().area() == 0 && other.mask().area() == 0;
          iou.add(bothEmpty ? 1 : own.mask().iou(other.mask(), false));
          magnitude.add(own.magnitude(), other.magnitude(), 1);
        });
    prompt++;
  }

  /**
   * The stability score of segment-anything's automatic masks: IoU of the masks at a threshold 1
   * above and 1 below SAM's. Two empty masks agree.
   */
  private static double stability(NDArray full) {
    double inner = full.gt(STABILITY_OFFSET).countNonzero().getLong();
    double outer = full.gt(-STABILITY_OFFSET).countNonzero().getLong();
    return outer == 0 ? 1 : inner / outer;
  }

  private void requireTeacher() {
    if (teacher.isEmpty()) {
      throw new NoSuchElementException("no teacher to compare with");
    }
  }

  /**
   * @return mean IoU with the teacher's masks at the images' own size; two empty masks agree
   * @throws NoSuchElementException without a teacher
   */
  public RatioScores teacherIou() {
    requireTeacher();
    return iou.build();
  }

  /**
   * @return mean absolute mask logit / the teacher's: above 1 a model has grown surer than its
   *     teacher, with the same masks or not
   * @throws NoSuchElementException without a teacher
   */
  public RatioScores logitRatio() {
    requireTeacher();
    return magnitude.build();
  }

  /**
   * @return mean stability score, see Kirillov et al. 2023, appendix B
   */
  public RatioScores stability() {
    return stability.build();
  }
}
