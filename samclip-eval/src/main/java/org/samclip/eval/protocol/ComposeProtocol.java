package org.samclip.eval.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.adapter.TwoHeadAdapter;
import org.samclip.eval.segment.CompositionForm;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.ProposalSettings;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.model.TwoHeadedModel;
import org.samclip.model.VisionModel;

/** {@code compose}: semantic segmentation by both heads together, see {@link HeadComposition}. */
public final class ComposeProtocol implements Protocol<ComposeProtocol.Options> {

  private static final DenseMetrics METRICS = new DenseMetrics("composed");

  /**
   * How it is measured.
   *
   * @param templates sentences for class names: {@code openai} (80, as in the paper), {@code brief}
   *     (5), or a file
   * @param background how a class of that name is found where it counts; without it is always
   *     measured as well
   * @param form which head begins (paper: the CLIP head's scores)
   * @param points points drawn for each class by confidence (paper: 1 to 3)
   * @param threshold least confidence of a point, or of a mask's name, 0 to 1
   * @param temperature by which cosines are divided before the softmax over the classes
   * @param logitRange greatest mask logit that a score may become
   * @param masks which masks are proposed when masks come first
   */
  public record Options(
      String templates,
      Background background,
      CompositionForm form,
      int points,
      double threshold,
      double temperature,
      double logitRange,
      ProposalSettings masks) {

    /** Checks the values. */
    public Options {
      PromptTemplates.named(templates);
      new ScoreSettings(temperature, threshold, points, logitRange);
    }

    /**
     * @param side S in pixels; 0 for the model's own
     * @param run batch and number of images
     * @return the same in the words of the computation
     */
    public HeadComposition.Options at(int side, ProtocolRun run) {
      return new HeadComposition.Options(
          side,
          run.batch(),
          run.maxImages(),
          PromptTemplates.named(templates),
          background,
          new CompositionSettings(
              form, new ScoreSettings(temperature, threshold, points, logitRange), masks),
          ProtocolRun.PROMPTS_PER_PASS);
    }
  }

  @Override
  public String name() {
    return "compose";
  }

  @Override
  public String description() {
    return "segmentation by both heads";
  }

  @Override
  public Set<DataKind> reads() {
    return Set.of(DataKind.SEMANTIC);
  }

  @Override
  public Class<TwoHeadedModel> needs() {
    return TwoHeadedModel.class;
  }

  @Override
  public Options defaults() {
    CompositionSettings settings = CompositionSettings.DEFAULT;
    ScoreSettings scores = settings.scores();
    return new Options(
        PromptTemplates.OPENAI,
        Background.TEXT,
        settings.form(),
        scores.points(),
        scores.threshold(),
        scores.temperature(),
        scores.logitRange(),
        settings.masks());
  }

  @Override
  public List<Metric> metrics(Options options, Optional<String> teacher) {
    return METRICS.list();
  }

  /** It decodes masks for every class of every image. */
  @Override
  public boolean isForLooks() {
    return false;
  }

  @Override
  public ProtocolResult run(
      VisionModel model, EvaluationData data, Options options, ProtocolRun run) {
    TwoHeadedModel heads = model.as(needs()).orElseThrow();
    EvaluationSet<LabelMapFolder.Item> set = data.semantic();
    Map<Background, HeadComposition.Result> found =
        HeadComposition.run(
            new TwoHeadAdapter(heads),
            set,
            options.at(run.sideOf(heads), run),
            DenseMetrics.readings(set, options.background()));
    HeadComposition.Result counted = found.get(DenseMetrics.counted(set, options.background()));
    Map<String, Object> counts =
        ProtocolResult.counts(counted.side(), counted.images(), counted.skipped());
    counts.put("pixels", counted.scores().pixels());
    counts.put("prompts", counted.prompts());
    return new ProtocolResult(
        METRICS.of(
            counted.perImage(), found.get(Background.EXCLUDED).perImage(), data.heldOut(set)),
        counts,
        DenseMetrics.perClass(set.classes(), counted.scores()),
        Optional.empty());
  }
}
