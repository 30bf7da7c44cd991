package org.samclip.eval.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.clip.DenseForm;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;

/**
 * {@code semantic}: zero-shot semantic segmentation by patch features, see {@link
 * SemanticSegmentation}.
 */
public final class SemanticProtocol implements Protocol<SemanticProtocol.Options> {

  private static final DenseMetrics METRICS = new DenseMetrics("semantic");

  /**
   * How it is measured.
   *
   * @param templates sentences for class names: {@code openai} (80, as in the paper), {@code brief}
   *     (5), or a file
   * @param background how a class of that name is found where it counts; without it is always
   *     measured as well
   * @param dense how a patch gets its feature, where the network has not learned it, as a CLIP
   * @param temperature by which cosines are divided before the softmax of background by threshold
   * @param threshold least probability, 0 to 1, of what is not background by threshold
   */
  public record Options(
      String templates,
      Background background,
      DenseForm dense,
      double temperature,
      double threshold) {

    /** Checks the values. */
    public Options {
      engine(0, 1, 0, templates, background, temperature, threshold);
    }

    /**
     * @param side S in pixels; 0 for the model's own
     * @param run batch and number of images
     * @return the same in the words of the computation
     */
    public SemanticSegmentation.Options at(int side, ProtocolRun run) {
      return engine(
          side, run.batch(), run.maxImages(), templates, background, temperature, threshold);
    }

    private static SemanticSegmentation.Options engine(
        int side,
        int batch,
        int maxImages,
        String templates,
        Background background,
        double temperature,
        double threshold) {
      return new SemanticSegmentation.Options(
          side,
          batch,
          maxImages,
          PromptTemplates.named(templates),
          background,
          temperature,
          threshold);
    }
  }

  @Override
  public String name() {
    return "semantic";
  }

  @Override
  public String description() {
    return "segmentation by patch features";
  }

  @Override
  public Set<DataKind> reads() {
    return Set.of(DataKind.SEMANTIC);
  }

  @Override
  public Class<TextAlignedModel> needs() {
    return TextAlignedModel.class;
  }

  @Override
  public Options defaults() {
    return new Options(
        PromptTemplates.OPENAI,
        Background.TEXT,
        DenseForm.DEFAULT,
        ScoreSettings.DEFAULT.temperature(),
        ScoreSettings.DEFAULT.threshold());
  }

  @Override
  public List<Metric> metrics(Options options, Optional<String> teacher) {
    return METRICS.list();
  }

  @Override
  public ProtocolResult run(
      VisionModel model, EvaluationData data, Options options, ProtocolRun run) {
    TextAlignedModel aligned = model.as(needs()).orElseThrow().withDense(options.dense());
    EvaluationSet<LabelMapFolder.Item> set = data.semantic();
    Map<Background, SemanticSegmentation.Result> found =
        SemanticSegmentation.run(
            new ImageTextAdapter(aligned),
            set,
            options.at(run.sideOf(aligned), run),
            DenseMetrics.readings(set, options.background()));
    SemanticSegmentation.Result counted =
        found.get(DenseMetrics.counted(set, options.background()));
    Map<String, Object> counts =
        ProtocolResult.counts(counted.side(), counted.images(), counted.skipped());
    counts.put("pixels", counted.scores().pixels());
    return new ProtocolResult(
        METRICS.of(
            counted.perImage(), found.get(Background.EXCLUDED).perImage(), data.heldOut(set)),
        counts,
        DenseMetrics.perClass(set.classes(), counted.scores()),
        Optional.empty());
  }
}
