package org.samclip.eval.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.EvaluationSet;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.zeroshot.EmbeddingRetention;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TeacherEmbeddings;
import org.samclip.eval.zeroshot.ZeroShotClassification;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;

/**
 * {@code classify}: zero-shot classification, see {@link ZeroShotClassification}; and how near the
 * images' embeddings are to a teacher's.
 */
public final class ClassifyProtocol implements Protocol<ClassifyProtocol.Options> {

  private static final Metric TOP1 = Metric.share("zeroshot_top1", Metric.Shown.MAIN);
  private static final Metric TOP5 = Metric.share("zeroshot_top5", Metric.Shown.DETAIL);
  private static final Metric HELD_OUT = Metric.share("heldout_top1", Metric.Shown.MAIN);

  /**
   * How it is measured.
   *
   * @param templates sentences for class names: {@code openai} (80, as in the paper), {@code brief}
   *     (5), or a file
   */
  public record Options(String templates) {

    /** Checks the templates. */
    public Options {
      PromptTemplates.named(templates);
    }
  }

  @Override
  public String name() {
    return "classify";
  }

  @Override
  public String description() {
    return "zero-shot classification";
  }

  @Override
  public Set<DataKind> reads() {
    return Set.of(DataKind.CLASSES);
  }

  @Override
  public Class<TextAlignedModel> needs() {
    return TextAlignedModel.class;
  }

  @Override
  public Options defaults() {
    return new Options(PromptTemplates.OPENAI);
  }

  /** The cosine bears the teacher's name: {@code clip_cosine}. */
  @Override
  public List<Metric> metrics(Options options, Optional<String> teacher) {
    List<Metric> metrics = new ArrayList<>();
    teacher.ifPresent(name -> metrics.add(cosine(name)));
    metrics.addAll(List.of(TOP1, HELD_OUT, TOP5));
    return metrics;
  }

  private static Metric cosine(String teacher) {
    String id = teacher.toLowerCase(Locale.ROOT).replace('-', '_') + "_cosine";
    return new Metric(id, Metric.Better.HIGHER, -1, 1, Metric.Shown.TABLE);
  }

  @Override
  public boolean comparesAnswers() {
    return true;
  }

  @Override
  public ProtocolResult run(
      VisionModel model, EvaluationData data, Options options, ProtocolRun run) {
    TextAlignedModel aligned = model.as(needs()).orElseThrow();
    EvaluationSet<ClassFolders.Item> set = data.classes();
    TeacherEmbeddings own = new TeacherEmbeddings();
    Optional<EmbeddingRetention> retention =
        run.answers(TeacherEmbeddings.class).map(EmbeddingRetention::new);
    ZeroShotClassification.Result found =
        ZeroShotClassification.run(
            new ImageTextAdapter(aligned),
            set,
            new ZeroShotClassification.Options(
                run.sideOf(aligned),
                run.batch(),
                run.maxImages(),
                PromptTemplates.named(options.templates())),
            (keys, embeddings) -> {
              if (run.keepsAnswers()) {
                own.onEmbeddings(keys, embeddings);
              }
              retention.ifPresent(one -> one.onEmbeddings(keys, embeddings));
            });
    Set<Integer> heldOut = data.heldOut(set);
    Map<String, ImageScores> metrics = new LinkedHashMap<>();
    retention.ifPresent(
        one -> metrics.put(cosine(run.teacher().orElseThrow().name()).id(), one.cosine()));
    metrics.put(TOP1.id(), found.top1(label -> !heldOut.contains(label)));
    if (!heldOut.isEmpty()) {
      metrics.put(HELD_OUT.id(), found.top1(heldOut::contains));
    }
    metrics.put(TOP5.id(), found.top5());
    Map<String, Object> counts =
        ProtocolResult.counts(found.side(), found.images(), found.skipped());
    counts.put("classes", found.classes());
    return new ProtocolResult(
        metrics, counts, Map.of(), run.keepsAnswers() ? Optional.of(own) : Optional.empty());
  }
}
