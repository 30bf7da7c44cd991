package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.samclip.kernel.Autograd;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.PatchMasks;
import org.samclip.train.feed.ViewBatches;
import org.samclip.train.loss.Losses;
import org.samclip.train.loss.ViewLosses;
import org.samclip.train.optim.Follower;
import org.samclip.train.recipe.SelfDistillationSpec;
import org.samclip.vit.ImageFeatures;
import org.samclip.vit.VitEncoder;

/**
 * A ViT learns to say of every crop of an image what its own moving average says of the large ones
 * (DINO, arXiv 2104.14294), and of hidden patches what that says of them seen (iBOT, arXiv
 * 2111.07832). The teacher's shares are balanced by Sinkhorn-Knopp, and KoLeo spreads the features
 * (DINOv2, arXiv 2304.07193). No labels, no captions.
 */
public final class SelfDistillation extends PrefetchedFeed {

  /**
   * A ViT with the head that training needs.
   *
   * @param encoder the ViT
   * @param head divides images and patches over the prototypes
   */
  public record Branch(VitEncoder encoder, PrototypeHead head) {

    private static final String HEAD = "prototype_head.";

    /**
     * @return the arrays under their full names, the encoder's as in its file
     */
    public Map<String, NDArray> arrays() {
      Map<String, NDArray> arrays = new LinkedHashMap<>(encoder.arrays());
      head.arrays().forEach((name, array) -> arrays.put(HEAD + name, array));
      return arrays;
    }
  }

  private final Branch student;
  private final Branch teacher;
  private final Follower follower;
  private final SelfDistillationSpec spec;
  private final NDManager manager;
  private final long seed;

  /**
   * @param student learns
   * @param teacher of the same sizes and values; follows the student
   * @param spec temperatures, weights, momentum
   * @param manager on the model's device
   * @param feed crops
   * @param seed of the hidden patches
   */
  public SelfDistillation(
      Branch student,
      Branch teacher,
      SelfDistillationSpec spec,
      NDManager manager,
      Feed feed,
      long seed) {
    super(feed);
    this.student = student;
    this.teacher = teacher;
    this.spec = spec;
    this.manager = manager;
    this.seed = seed;
    this.follower =
        new Follower(teacher.arrays(), student.arrays(), spec.momentum(), feed.span().end());
  }

  /**
   * Lets the teacher take in an update; to be called behind every step.
   *
   * @param step whose update it was, from 0
   */
  public void follow(long step) {
    follower.follow(step);
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    FeedBatch batch = nextBatch();
    ImageView large = batch.batches().get(0).student();
    ImageView small = batch.batches().get(1).student();
    int images = large.count() / ViewBatches.GLOBAL;
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager()) {
      scope.suppressNotUsedWarning();
      NDArray global = large.toArray(local);
      PatchMasks masks = spec.patchWeight() > 0 ? masks(large, step) : null;
      NDArray hidden = masks == null ? null : masks.indices(local);
      Targets targets = targets(global, images, hidden);

      NDArray seen = masks == null ? global : ViewLosses.hide(global, masks.toArray(local));
      ImageFeatures features = student.encoder().features(seen);
      NDArray summaries = features.summary();
      if (small.count() > 0) {
        summaries = summaries.concat(student.encoder().forward(small.toArray(local)), 0);
      }
      NDArray embedded = student.head().embed(summaries);
      Sum sum = new Sum();
      if (spec.viewWeight() > 0) {
        NDArray logits = byView(student.head().logits(embedded), images);
        NDArray views = ViewLosses.views(logits, targets.views, spec.studentTemperature());
        sum.add("views", views, spec.viewWeight());
      }
      if (spec.contrastWeight() > 0) {
        NDArray mine = byView(embedded, images);
        NDArray contrast = ViewLosses.contrast(mine, targets.embedded, spec.contrastTemperature());
        sum.add("contrast", contrast, spec.contrastWeight());
      }
      if (masks != null) {
        NDArray tokens = student.head().forward(ViewLosses.tokens(features.spatial(), hidden));
        NDArray patches =
            ViewLosses.crossEntropy(tokens, targets.patches, spec.studentTemperature());
        sum.add("patches", patches, spec.patchWeight());
      }
      if (spec.koleoWeight() > 0) {
        sum.add("koleo", koleo(features.summary(), images), spec.koleoWeight());
      }
      on.backward(sum.total);
      return new Outcome(() -> sum.parts, images, batch.mix(), 0);
    }
  }

  /** The weighted sum, and its terms as they are reported. */
  private static final class Sum {
    private final Map<String, Double> parts = new LinkedHashMap<>();
    private NDArray total;

    void add(String name, NDArray term, double weight) {
      parts.put(name, (double) term.getFloat());
      NDArray weighted = Losses.scaled(term, (float) weight);
      total = total == null ? weighted : total.add(weighted);
    }
  }

  /**
   * What the teacher says.
   *
   * @param embedded of the large crops, [2, B, D]
   * @param views of them as well, [2, B, K]
   * @param patches of those that are hidden from the student, [M, K], or null
   */
  private record Targets(NDArray embedded, NDArray views, NDArray patches) {}

  private Targets targets(NDArray global, int images, NDArray hidden) {
    try (Autograd off = Autograd.disabled()) {
      ImageFeatures features = teacher.encoder().features(global);
      NDArray embedded = teacher.head().embed(features.summary());
      NDArray views = shares(embedded);
      NDArray patches =
          hidden == null
              ? null
              : shares(teacher.head().embed(ViewLosses.tokens(features.spatial(), hidden)));
      return new Targets(byView(embedded, images), byView(views, images), patches);
    }
  }

  private NDArray shares(NDArray embedded) {
    return ViewLosses.sinkhorn(teacher.head().logits(embedded), spec.teacherTemperature());
  }

  private PatchMasks masks(ImageView large, long step) {
    int grid = large.side() / student.encoder().config().patch();
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + step);
    return PatchMasks.draw(large.count(), grid, random);
  }

  /** [V B, K] as [V, B, K]. */
  private static NDArray byView(NDArray rows, int images) {
    Shape s = rows.getShape();
    return rows.reshape(s.get(0) / images, images, s.get(1));
  }

  /** Each view by itself: two views of one image are meant to be near. */
  private static NDArray koleo(NDArray summaries, int images) {
    NDArray sum = ViewLosses.koleo(summaries.get("0:" + images));
    for (int view = 1; view < ViewBatches.GLOBAL; view++) {
      NDArray rows = summaries.get(view * images + ":" + (view + 1) * images);
      sum = sum.add(ViewLosses.koleo(rows));
    }
    return sum;
  }
}
