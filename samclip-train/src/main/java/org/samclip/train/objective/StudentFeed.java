package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.samclip.kernel.Autograd;
import org.samclip.student.Backbone;
import org.samclip.student.BackboneFeatures;
import org.samclip.student.BackbonePass;
import org.samclip.student.Student;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.loss.AffineMap;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.teacher.FrozenNetwork;
import org.samclip.train.teacher.FrozenOutputs;

/**
 * A feed of a merge: one pass of the student's backbone serves all of its objectives, and each
 * teacher is asked once for what they need.
 */
public final class StudentFeed extends PrefetchedFeed {

  private final Student student;
  private final Passes passes;
  private final MicroBatch microBatch;
  private final List<Objective> objectives;
  private final Map<String, FrozenOutputs> teachers = new LinkedHashMap<>();
  private final Map<String, Set<String>> asked = new LinkedHashMap<>();
  private final Set<Integer> blocks = new TreeSet<>();
  private final FrozenOutputs frozen;
  private final Optional<TeacherDrop> drop;
  private final Balance balance;
  private final NDManager own;

  /**
   * @param feed batches with a view of the student and of every teacher
   * @param spec of the feed
   * @param student learns; if its backbone does not, the cache keeps the backbone's tokens as well
   * @param objectives what is learned, one or more
   * @param teachers by name
   * @param passes how to compute
   * @param seed of the stage
   * @param means running means of losses that an earlier run left
   * @param own owns what the objectives keep; closed with the feed
   */
  StudentFeed(
      Feed feed,
      FeedSpec spec,
      Student student,
      List<Objective> objectives,
      Map<String, FrozenNetwork> teachers,
      Passes passes,
      long seed,
      Map<String, Double> means,
      NDManager own) {
    super(feed);
    this.own = own;
    this.student = student;
    this.passes = passes;
    this.microBatch =
        new MicroBatch(spec.microBatch() == null ? 0 : spec.microBatch(), spec.baseSide());
    this.objectives = List.copyOf(objectives);
    for (Objective objective : objectives) {
      objective
          .asked()
          .forEach(
              (teacher, outputs) ->
                  asked.computeIfAbsent(teacher, any -> new LinkedHashSet<>()).addAll(outputs));
      blocks.addAll(objective.blocks());
    }
    asked
        .keySet()
        .forEach(
            name -> this.teachers.put(name, new FrozenOutputs(teachers.get(name), passes.cache())));
    this.frozen = new FrozenOutputs(FrozenNetwork.of(student), passes.cache());
    this.drop = Optional.ofNullable(spec.dropTeachers()).map(p -> new TeacherDrop(p, seed));
    Map<String, Double> decays = new HashMap<>();
    spec.objectives()
        .forEach(
            (name, objective) -> {
              if (objective.balance() != null) {
                decays.put(name, objective.balance());
              }
            });
    this.balance = new Balance(decays, means);
  }

  /**
   * @return weight of each objective in the step's sum
   */
  public Map<String, Double> weights() {
    Map<String, Double> weights = new LinkedHashMap<>();
    objectives.forEach(objective -> weights.put(objective.name(), objective.weight()));
    return weights;
  }

  /**
   * @return running means of the losses that are balanced, for a checkpoint
   */
  public Map<String, Double> means() {
    return balance.means();
  }

  /**
   * @param scales maps of the teachers' outputs by objective; the others stay as they are
   */
  public void standardise(Map<String, AffineMap> scales) {
    for (Objective objective : objectives) {
      if (objective instanceof FeatureObjective features) {
        features.standardise(scales.get(features.name()));
      }
    }
  }

  /**
   * Asks the teachers about the next batch, and the student nothing.
   *
   * @param each takes an objective's name and the teacher's output, [B, D] or [B, D, h, w]
   */
  public void observe(BiConsumer<String, NDArray> each) {
    FeedBatch batch = nextBatch();
    for (ImageBatch images : batch.batches()) {
      ImageView view = images.student();
      for (MicroBatch.Part part : microBatch.parts(view.count(), view.side())) {
        try (NDScope scope = new NDScope();
            NDManager local = passes.manager().newSubManager()) {
          scope.suppressNotUsedWarning();
          PartPass all = pass(images, part, local, 0, null, Optional.empty());
          for (Objective objective : objectives) {
            if (objective instanceof FeatureObjective features) {
              each.accept(features.name(), features.target(all));
            }
          }
        }
      }
    }
  }

  private PartPass pass(
      ImageBatch images,
      MicroBatch.Part part,
      NDManager local,
      float share,
      BackboneFeatures features,
      Optional<Autograd> on) {
    boolean learns = on.isPresent() && student.backbone().isLearning();
    return new PartPass(
        images, part, local, share, features, learns, student.heads(), teachers, asked, on);
  }

  @Override
  public void close() {
    super.close();
    own.close();
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    return over(step, Optional.of(on));
  }

  /**
   * @return the losses of the next batch, without gradients: what a validation asks for
   */
  public Outcome measure() {
    try (Autograd off = Autograd.disabled()) {
      return over(0, Optional.empty());
    }
  }

  private Outcome over(long step, Optional<Autograd> on) {
    FeedBatch batch = nextBatch();
    LossSums sums = new LossSums(objectives, passes.manager(), passes.ranks());
    int first = 0;
    for (ImageBatch images : batch.batches()) {
      ImageView view = images.student();
      for (MicroBatch.Part part : microBatch.parts(view.count(), view.side())) {
        try (NDScope scope = new NDScope();
            NDManager local = passes.manager().newSubManager()) {
          scope.suppressNotUsedWarning();
          // Of the batch of all ranks: their gradients and losses then simply add up.
          float share = (float) part.size() / batch.imagesOfAllRanks();
          int number = first + images.share().from() + part.from();
          one(images, part, local, share, on, sums, step, number);
        }
      }
      first += images.share().all();
    }
    return new Outcome(
        () -> read(sums, on), batch.imagesOfAllRanks(), batch.mix(), batch.passedOver());
  }

  private Map<String, Double> read(LossSums sums, Optional<Autograd> on) {
    try (sums) {
      Map<String, Double> losses = sums.read();
      if (on.isPresent()) {
        balance.update(losses);
      }
      return losses;
    }
  }

  private void one(
      ImageBatch images,
      MicroBatch.Part part,
      NDManager local,
      float share,
      Optional<Autograd> on,
      LossSums sums,
      long step,
      int first) {
    Backbone backbone = student.backbone();
    Optional<BackbonePass> pass =
        on.isPresent() && backbone.isLearning()
            ? Optional.of(
                backbone.pass(
                    images.student().toArray(local, part.from(), part.to()),
                    blocks,
                    passes.checkpointActivations()))
            : Optional.empty();
    BackboneFeatures features =
        pass.isPresent() ? pass.get().features() : unlearned(images, part, local);
    PartPass all = pass(images, part, local, share, features, on);
    // A validation tells the losses of all teachers.
    if (drop.isPresent() && on.isPresent()) {
      withDrop(drop.get(), all, sums, step, first);
    } else {
      for (Objective objective : objectives) {
        objective.read(all, factor(objective, on), sums.of(objective));
      }
    }
    all.backward();
    pass.ifPresent(p -> p.backward(on.get()));
  }

  /** A validation tells losses as they are. */
  private float factor(Objective objective, Optional<Autograd> on) {
    return on.isPresent() ? balance.factor(objective.name()) : 1;
  }

  /** What a backbone says that gets no gradient here. */
  private BackboneFeatures unlearned(ImageBatch images, MicroBatch.Part part, NDManager local) {
    ImageView view = images.student();
    Backbone backbone = student.backbone();
    try (Autograd off = Autograd.disabled()) {
      if (!blocks.isEmpty()) {
        return backbone.features(view.toArray(local, part.from(), part.to()), blocks);
      }
      // Only what does not learn may come from the cache.
      NDArray output =
          backbone.isLearning()
              ? backbone.output(view.toArray(local, part.from(), part.to()))
              : frozen
                  .of(view, part, Set.of(FrozenNetwork.TOKENS), local)
                  .get(FrozenNetwork.TOKENS);
      long rows = view.side() / backbone.patch();
      return backbone.features(output, rows, rows);
    }
  }

  /** Each image's weighted losses by teacher. */
  private Map<String, double[]> losses(
      Map<FeatureObjective, FeatureObjective.Pair> pairs, PartPass all) {
    int images = all.part().size();
    NDList alone = new NDList();
    for (Map.Entry<FeatureObjective, FeatureObjective.Pair> entry : pairs.entrySet()) {
      for (int i = 0; i < images; i++) {
        NDArray one = all.local().create(new long[] {i});
        alone.add(entry.getKey().loss(entry.getValue().of(one)));
      }
    }
    float[] read = NDArrays.stack(alone).toFloatArray(); // the device is waited for once
    Map<String, double[]> losses = new LinkedHashMap<>();
    int at = 0;
    for (FeatureObjective objective : pairs.keySet()) {
      double[] own = losses.computeIfAbsent(objective.teacher(), any -> new double[images]);
      double weight = objective.weight() * factor(objective, all.on());
      for (int i = 0; i < images; i++) {
        own[i] += weight * read[at++];
      }
    }
    return losses;
  }

  private void withDrop(
      TeacherDrop teacherDrop, PartPass all, LossSums sums, long step, int first) {
    Map<FeatureObjective, FeatureObjective.Pair> pairs = new LinkedHashMap<>();
    List<Objective> others = new ArrayList<>();
    for (Objective objective : objectives) {
      if (objective instanceof FeatureObjective features) {
        pairs.put(features, features.pair(all));
      } else {
        others.add(objective);
      }
    }
    others.forEach(o -> o.read(all, factor(o, all.on()), sums.of(o)));
    int images = all.part().size();
    Map<String, long[]> kept = teacherDrop.kept(losses(pairs, all), step, first);
    pairs.forEach(
        (objective, pair) -> {
          long[] rows = kept.get(objective.teacher());
          if (rows.length > 0) {
            FeatureObjective.Pair some =
                rows.length == images ? pair : pair.of(all.local().create(rows));
            float of = (float) rows.length / images;
            objective.add(all, some, of, factor(objective, all.on()), sums.of(objective));
          }
        });
  }
}
