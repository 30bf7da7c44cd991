package org.samclip.eval.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.segment.InstanceSegmentation;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.eval.segment.MaskRetention;
import org.samclip.eval.segment.SingleMaskListener;
import org.samclip.eval.segment.TeacherMasks;
import org.samclip.model.PromptableModel;
import org.samclip.model.VisionModel;

/**
 * {@code instance}: masks of objects from points and boxes, see {@link InstanceSegmentation}; and
 * how much they are still a teacher's, see {@link MaskRetention}.
 */
public final class InstanceProtocol implements Protocol<InstanceProtocol.Options> {

  private static final Metric TEACHER_IOU = Metric.share("teacher_iou", Metric.Shown.MAIN);
  private static final Metric LOGIT_RATIO =
      new Metric(
          "logit_ratio", Metric.Better.NEITHER, 0, Double.POSITIVE_INFINITY, Metric.Shown.MAIN);
  private static final Metric STABILITY = Metric.share("stability", Metric.Shown.TABLE);

  /**
   * How it is measured.
   *
   * @param prompts what the model is given of each object, each in turn
   * @param refine whether the first mask is fed back with the prompt once (SAM's own protocol)
   */
  public record Options(List<Prompt> prompts, boolean refine) {

    /** Checks the prompts. */
    public Options {
      prompts = List.copyOf(prompts);
      InvalidOption.check(!prompts.isEmpty(), "prompts", prompts, "at least one of point, box");
      InvalidOption.check(
          prompts.stream().distinct().count() == prompts.size(),
          "prompts",
          prompts,
          "each only once");
    }
  }

  @Override
  public String name() {
    return "instance";
  }

  @Override
  public String description() {
    return "masks from points and boxes";
  }

  @Override
  public Set<DataKind> reads() {
    return Set.of(DataKind.INSTANCES);
  }

  @Override
  public Class<PromptableModel> needs() {
    return PromptableModel.class;
  }

  @Override
  public Options defaults() {
    return new Options(List.of(Prompt.POINT, Prompt.BOX), false);
  }

  @Override
  public List<Metric> metrics(Options options, Optional<String> teacher) {
    List<Metric> metrics = new ArrayList<>();
    options.prompts().forEach(prompt -> metrics.add(miou(prompt)));
    if (teacher.isPresent()) {
      metrics.addAll(List.of(TEACHER_IOU, LOGIT_RATIO));
    }
    metrics.add(STABILITY);
    return metrics;
  }

  private static Metric miou(Prompt prompt) {
    return Metric.share(prompt.name().toLowerCase(Locale.ROOT) + "_miou", Metric.Shown.MAIN);
  }

  /** Masks are compared at the same side, as their logits' grid depends on it. */
  @Override
  public boolean asksTeacherAtOwnSide() {
    return false;
  }

  @Override
  public boolean comparesAnswers() {
    return true;
  }

  @Override
  public ProtocolResult run(
      VisionModel model, EvaluationData data, Options options, ProtocolRun run) {
    PromptableModel drawing = model.as(needs()).orElseThrow();
    Optional<TeacherMasks> teacher = run.answers(TeacherMasks.class);
    MaskRetention retention = new MaskRetention(teacher);
    TeacherMasks own = new TeacherMasks();
    SingleMaskListener listener = run.keepsAnswers() ? retention.and(own) : retention;
    InstanceSegmentation.Result found =
        InstanceSegmentation.run(
            new PromptedMaskAdapter(drawing),
            data.instances(),
            new InstanceSegmentation.Options(
                options.prompts(),
                run.sideOf(drawing),
                run.batch(),
                run.maxImages(),
                ProtocolRun.PROMPTS_PER_PASS,
                options.refine()),
            listener);
    Map<String, ImageScores> metrics = new LinkedHashMap<>();
    options.prompts().forEach(p -> metrics.put(miou(p).id(), found.iou().get(p)));
    if (teacher.isPresent()) {
      metrics.put(TEACHER_IOU.id(), retention.teacherIou());
      metrics.put(LOGIT_RATIO.id(), retention.logitRatio());
    }
    metrics.put(STABILITY.id(), retention.stability());
    Map<String, Object> counts =
        ProtocolResult.counts(found.side(), found.images(), found.skipped());
    counts.put("objects", found.objects());
    counts.put("skipped_objects", found.skippedObjects());
    counts.put("bad_annotations", found.badAnnotations());
    return new ProtocolResult(
        metrics, counts, Map.of(), run.keepsAnswers() ? Optional.of(own) : Optional.empty());
  }
}
