package org.samclip.eval.protocol;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.adapter.SummaryAdapter;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.RatioScores;
import org.samclip.eval.neighbour.NearestNeighbours;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.VisionModel;

/**
 * {@code knn}: classification by the nearest of a set of known images, see {@link
 * NearestNeighbours}. Images of both sets are resized by their shortest side and cut in the centre,
 * without augmentation.
 */
public final class KnnProtocol implements Protocol<KnnProtocol.Options> {

  private static final Metric TOP1 = Metric.share("knn_top1", Metric.Shown.MAIN);
  private static final Metric TOP5 = Metric.share("knn_top5", Metric.Shown.DETAIL);

  /**
   * How it is measured.
   *
   * @param output of the model for whole images whose features are compared
   * @param teacherOutput the same of the teacher
   * @param k neighbours that vote; all, where there are fewer images
   * @param temperature by which cosines are divided; a vote weighs {@code exp} of that
   */
  public record Options(String output, String teacherOutput, int k, double temperature) {

    /** Checks the numbers. */
    public Options {
      InvalidOption.check(!output.isBlank(), "output", "nothing", "name of an output");
      InvalidOption.check(
          !teacherOutput.isBlank(), "teacher_output", "nothing", "name of an output");
      InvalidOption.check(k >= 1, "k", k, "1 or more");
      InvalidOption.check(
          temperature > 0 && Double.isFinite(temperature), "temperature", temperature, "above 0");
    }
  }

  @Override
  public String name() {
    return "knn";
  }

  @Override
  public String description() {
    return "classification by the nearest of known images";
  }

  @Override
  public Set<DataKind> reads() {
    return Set.of(DataKind.CLASSES, DataKind.CLASSES_TRAIN);
  }

  @Override
  public Class<VisionModel> needs() {
    return VisionModel.class;
  }

  /** As RADIO's example. */
  @Override
  public Options defaults() {
    return new Options(VisionModel.SUMMARY, VisionModel.SUMMARY, 20, .07);
  }

  @Override
  public List<Metric> metrics(Options options, Optional<String> teacher) {
    return List.of(TOP1, TOP5);
  }

  @Override
  public Options forTeacher(Options options) {
    String output = options.teacherOutput();
    return new Options(output, output, options.k(), options.temperature());
  }

  @Override
  public ProtocolResult run(
      VisionModel model, EvaluationData data, Options options, ProtocolRun run) {
    EvaluationSet<ClassFolders.Item> test = data.classes();
    EvaluationSet<ClassFolders.Item> train = data.classesTrain();
    int[] trainLabels = labelsIn(train, test);
    Walk walk = new Walk(new SummaryAdapter(model, options.output()), run.sideOf(model), run);
    RatioScores.Builder top1 = new RatioScores.Builder();
    RatioScores.Builder top5 = new RatioScores.Builder();
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device())) {
      NDList rows = new NDList();
      List<Integer> labels = new ArrayList<>();
      SampleBatches<ClassFolders.Item> known =
          walk.over(
              train,
              manager,
              (samples, features) -> {
                features.attach(manager);
                rows.add(features);
                samples.forEach(sample -> labels.add(sample.label()));
              });
      known.requireSome(labels.size(), "image");
      NDArray features = NDArrays.concat(rows);
      rows.forEach(NDArray::close);
      NearestNeighbours neighbours =
          new NearestNeighbours(
              features,
              labels.stream().mapToInt(Integer::intValue).toArray(),
              train.classes().size(),
              options.k(),
              options.temperature());
      SampleBatches<ClassFolders.Item> asked =
          walk.over(
              test,
              manager,
              (samples, queries) -> {
                double[][] votes = neighbours.votes(queries);
                for (int i = 0; i < votes.length; i++) {
                  ClassFolders.Item sample = samples.get(i);
                  int rank = NearestNeighbours.rank(votes[i], trainLabels[sample.label()]);
                  top1.image(sample.key());
                  top1.add(rank < 1 ? 1 : 0);
                  top5.image(sample.key());
                  top5.add(rank < 5 ? 1 : 0);
                }
              });
      asked.requireSome(asked.used(), "image");
      Map<String, Object> counts = ProtocolResult.counts(walk.side, asked);
      counts.put("classes", test.classes().size());
      counts.put("train_images", known.used());
      counts.put("skipped_train_images", known.skipped());
      counts.put("neighbours", Math.min(options.k(), known.used()));
      Map<String, ImageScores> metrics = new LinkedHashMap<>();
      metrics.put(TOP1.id(), top1.build());
      metrics.put(TOP5.id(), top5.build());
      return new ProtocolResult(metrics, counts);
    }
  }

  /** Of each class of the test its label in the train set. */
  private static int[] labelsIn(EvaluationSet<?> train, EvaluationSet<?> test) {
    int[] labels = new int[test.classes().size()];
    for (int label = 0; label < labels.length; label++) {
      String name = test.classes().get(label);
      labels[label] = train.classes().indexOf(name);
      if (labels[label] < 0) {
        throw new UserError(
            "classes_train: "
                + train.name()
                + " has no images of the class '"
                + name
                + "' of classes; found are "
                + train.classes());
      }
    }
    return labels;
  }

  /** The way through a set, which is the same for both. */
  private record Walk(SummaryAdapter model, int side, ProtocolRun run) {

    SampleBatches<ClassFolders.Item> over(
        EvaluationSet<ClassFolders.Item> set,
        NDManager manager,
        SampleBatches.Visitor<ClassFolders.Item> visitor) {
      ClipPreprocess preprocess = new ClipPreprocess(side, model.normalisation());
      SampleBatches<ClassFolders.Item> batches =
          new SampleBatches<>(set, run.batch(), run.maxImages());
      batches.forEach(
          manager,
          side,
          sample -> preprocess.apply(sample.image()),
          (samples, images) -> visitor.onBatch(samples, model.embed(images)));
      return batches;
    }
  }
}
