package org.samclip.train.plan;

import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import org.samclip.model.Arithmetic;
import org.samclip.model.PromptableModel;
import org.samclip.model.VisionModel;
import org.samclip.sam.SamHeadConfig;
import org.samclip.student.Backbone;
import org.samclip.student.ClipHead;
import org.samclip.student.Head;
import org.samclip.student.MaskHead;
import org.samclip.student.Student;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.Viewer;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.MaskObjective;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.StageSpec;
import org.samclip.vitdet.Block;

/**
 * What a stage takes, estimated from sizes alone.
 *
 * <p>Arithmetic counts the matrix products of a forward pass, twice as many again for the backward
 * pass of what lies at or behind a parameter that learns. Activations are a number of float32
 * values for each token, channel and layer that gradients pass through; the mask decoder keeps as
 * many for each image token of the prompts that it sees at a time.
 */
final class StageCost {

  /**
   * Values of a layer in autograd's record, for each token and channel: inputs and outputs of the
   * norms, of the four projections and of the activation function, query and key with the positions
   * appended, and what the backward pass of one layer makes. Counted, not measured.
   */
  private static final int RECORDED = 24;

  /**
   * The same on a CPU in float32, where oneDNN keeps each product's sides in a layout of its own.
   */
  private static final int RECORDED_TWICE = 2 * RECORDED;

  /** Values of a layer with a backward pass of its own, and its share of one layer's record. */
  private static final int LEAN = 16;

  /** Forward and backward, in forward passes. */
  private static final int WITH_BACKWARD = 3;

  private final StageSpec stage;
  private final Student student;
  private final Map<String, VisionModel> teachers;
  private final ParameterTable table;
  private final boolean backboneLearns;
  private final boolean oneDnn;

  /**
   * @param stage of the recipe
   * @param student that it trains; needs no memory
   * @param teachers by name; need no memory
   * @param table which parameters of the student learn
   * @param oneDnn whether it trains on a CPU in float32
   */
  StageCost(
      StageSpec stage,
      Student student,
      Map<String, VisionModel> teachers,
      ParameterTable table,
      boolean oneDnn) {
    this.oneDnn = oneDnn;
    this.stage = stage;
    this.student = student;
    this.teachers = teachers;
    this.table = table;
    String backbone = Student.BACKBONE + ".";
    this.backboneLearns =
        table.entries().stream().anyMatch(e -> !e.frozen() && e.name().startsWith(backbone));
  }

  /**
   * Bytes of gradients and of AdamW's two moments, of the average's copy of the parameters, and of
   * the copy of the gradients that tells several feeds apart.
   */
  long learningBytes() {
    long copies = 3L + (stage.ema() == null ? 0 : 1) + (stage.feeds().size() > 1 ? 1 : 0);
    return copies * Float.BYTES * table.trainable();
  }

  /** Bytes of AdamW's two moments, and of the average, in a checkpoint. */
  long stateBytes() {
    return (2L + (stage.ema() == null ? 0 : 1)) * Float.BYTES * table.trainable();
  }

  private Backbone backbone() {
    return student.backbone();
  }

  /** The heads that a feed's objectives train, each once. */
  private Set<Head> heads(FeedSpec feed) {
    Set<Head> heads = new LinkedHashSet<>();
    feed.objectives().values().forEach(o -> heads.add(student.head(o.head().owner())));
    return heads;
  }

  /** Bytes kept for the largest backward pass. */
  long activationBytes() {
    double most = 0;
    for (FeedSpec feed : stage.feeds().values()) {
      for (int side : feed.resolutions()) {
        int images = micro(feed, side);
        double kept = backboneKept(images, side);
        for (Head head : heads(feed)) {
          kept += headKept(feed, head, images, side);
        }
        most = Math.max(most, kept);
      }
    }
    return (long) (most * Float.BYTES);
  }

  private static int micro(FeedSpec feed, int side) {
    MicroBatch micro =
        new MicroBatch(feed.microBatch() == null ? 0 : feed.microBatch(), feed.baseSide());
    return micro.parts(feed.batches().batchFor(side), side).get(0).size();
  }

  private double backboneKept(int images, int side) {
    if (!backboneLearns) {
      return 0;
    }
    int depth = backbone().depth();
    double block = images * tokens(side) * backbone().width();
    int values = values(images * tokens(side) >= Block.LEAN_FROM);
    // Every block's input, and all of the one that is computed again.
    return stage.checkpointActivations() ? block * (depth + values) : block * depth * values;
  }

  /** A head's operations tell how many layers of the backbone's kind it is worth. */
  private double headKept(FeedSpec feed, Head head, int images, int side) {
    if (head instanceof MaskHead masks && feed.prompts() != null) {
      SamHeadConfig decoder = masks.sizes();
      double tokens = images * tokens(side);
      double prompts =
          Math.min(
              feed.prompts().perImage(),
              Math.max(1, Math.floor(MaskObjective.TOKENS_AT_ONCE / tokens)));
      return prompts * tokens * decoder.dim() * (decoder.depth() + 1) * values(false);
    }
    double layers = head.operations(side) / (backbone().operations(side) / backbone().depth());
    double tokens = images * tokens(side) * backbone().width();
    return tokens * layers * values(tokens(side) >= ClipHead.LARGE_GRID);
  }

  /** Kept for the backward pass by each layer, for each token and channel. */
  private int values(boolean large) {
    if (!oneDnn) {
      return RECORDED;
    }
    return large ? LEAN : RECORDED_TWICE;
  }

  /**
   * Bytes of the cached outputs, all of them.
   *
   * @param steps of the stage
   * @param images number of images to train on by the data's name
   */
  long cacheBytes(long steps, ToLongFunction<String> images) {
    if (!stage.cacheFeatures()) {
      return 0;
    }
    double values = 0;
    for (FeedSpec feed : stage.feeds().values()) {
      for (Viewer viewer : teachersOf(feed)) {
        VisionModel teacher = teachers.get(viewer.name());
        Map<Integer, Double> asked = asked(feed, viewer, steps, images);
        for (String output : outputs(feed, viewer.name(), teacher)) {
          IntFunction<Shape> row = teacher.outputs().get(output).row();
          for (Map.Entry<Integer, Double> at : asked.entrySet()) {
            values += at.getValue() * row.apply(at.getKey()).size();
          }
        }
      }
      for (int side : backboneLearns ? List.<Integer>of() : feed.resolutions()) {
        values += asked(feed, seen(feed, side, steps), images) * backbone().row(side).size();
      }
    }
    return (long) (values * Short.BYTES);
  }

  private List<Viewer> teachersOf(FeedSpec feed) {
    List<Viewer> all = Feeds.viewers(feed, student, teachers);
    return all.subList(1, all.size());
  }

  /** The outputs that a feed asks of a teacher; of masks, the embedding that they are made of. */
  private static Set<String> outputs(FeedSpec feed, String name, VisionModel teacher) {
    Set<String> outputs = new LinkedHashSet<>();
    for (ObjectiveSpec spec : feed.objectives().values()) {
      if (spec.teacher().owner().equals(name)) {
        String output = spec.teacher().output();
        outputs.add(
            teacher.outputs().containsKey(output)
                ? output
                : teacher.as(PromptableModel.class).orElseThrow().embeddingOutput());
      }
    }
    return outputs;
  }

  /** Images that the steps see at a resolution. */
  private static double seen(FeedSpec feed, int side, long steps) {
    double each = (double) steps * feed.batches().batchFor(side);
    return feed.draw() == FeedSpec.Draw.ALL ? each : each / feed.resolutions().size();
  }

  /**
   * For how many images a teacher is asked, by the side at which it sees them: of one image at
   * several of the student's sides, a teacher of one side is asked once where it is cached.
   */
  private Map<Integer, Double> asked(
      FeedSpec feed, Viewer viewer, long steps, ToLongFunction<String> images) {
    Map<Integer, Double> bySide = new TreeMap<>();
    for (int side : feed.resolutions()) {
      double seen = seen(feed, side, steps) / viewer.images();
      bySide.merge(viewer.side().applyAsInt(side), seen, Double::sum);
    }
    bySide.replaceAll((side, seen) -> asked(feed, seen, images));
    return bySide;
  }

  /** Of the images seen at a side, those for which a frozen network is asked. */
  private double asked(FeedSpec feed, double seen, ToLongFunction<String> images) {
    if (!stage.cacheFeatures()) {
      return seen;
    }
    double views = feed.padded() ? 1 : feed.views();
    return Math.min(seen, images.applyAsLong(feed.data()) * feed.subset() * views);
  }

  /**
   * Floating-point operations of the whole stage.
   *
   * @param steps of the stage
   * @param images number of images to train on by the data's name; only asked for where outputs are
   *     cached
   */
  double operations(long steps, ToLongFunction<String> images) {
    double sum = 0;
    for (FeedSpec feed : stage.feeds().values()) {
      for (Viewer viewer : teachersOf(feed)) {
        VisionModel teacher = teachers.get(viewer.name());
        for (Map.Entry<Integer, Double> at : asked(feed, viewer, steps, images).entrySet()) {
          sum += at.getValue() * teacher.operations(at.getKey());
        }
      }
      for (int side : feed.resolutions()) {
        double seen = seen(feed, side, steps);
        double asked = asked(feed, seen, images);
        sum += (backboneLearns ? seen : asked) * backbone().operations(side) * backbonePasses();
        for (Head head : heads(feed)) {
          sum += seen * headOperations(feed, head, side);
        }
      }
    }
    return sum;
  }

  private double headOperations(FeedSpec feed, Head head, int side) {
    double own = head.operations(side) * WITH_BACKWARD;
    if (head instanceof MaskHead masks && feed.prompts() != null) {
      int grid = side / backbone().patch();
      // The teacher draws the same masks, without a backward pass.
      double prompt = Arithmetic.maskDecoder(masks.sizes(), grid) * (WITH_BACKWARD + 1);
      own += prompt * feed.prompts().perImage() * feed.prompts().rounds();
    }
    return own;
  }

  /** Forward passes of the student's backbone that a step's arithmetic amounts to. */
  private int backbonePasses() {
    if (!backboneLearns) {
      return 1;
    }
    return stage.checkpointActivations() ? WITH_BACKWARD + 1 : WITH_BACKWARD;
  }

  private double tokens(int side) {
    double row = (double) side / backbone().patch();
    return row * row;
  }
}
