package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.kernel.Autograd;
import org.samclip.sam.Masks;
import org.samclip.sam.Sam;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.PromptBatch;
import org.samclip.train.loss.Losses;
import org.samclip.train.loss.MaskLoss;

/**
 * SAM's own training, one prompt deep: focal and dice against the true masks for the single mask
 * and the best of the three, and the IoU head's squared error.
 */
public final class SupervisedFeed extends PrefetchedFeed {

  private final Sam sam;
  private final MaskLoss loss;
  private final NDManager manager;

  /**
   * @param sam the model
   * @param loss weights of focal, dice and the IoU head's error
   * @param manager on the model's device
   * @param feed images with prompts and their true masks
   */
  public SupervisedFeed(Sam sam, MaskLoss loss, NDManager manager, Feed feed) {
    super(feed);
    this.sam = sam;
    this.loss = loss;
    this.manager = manager;
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    FeedBatch batch = nextBatch();
    ImageBatch seen = batch.batches().get(0);
    MicroBatch.Part all = new MicroBatch.Part(0, seen.student().count());
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager()) {
      scope.suppressNotUsedWarning();
      PromptBatch.OnDevice in = seen.prompts().toArrays(local, all);
      NDArray embedding = sam.imageEncoder().forward(seen.student().toArray(local));
      Masks first = sam.head().masksOfTokens(embedding, in.xy(), in.labels());
      NDArray target = shrink(seen.prompts().targets(local, all), first.logits().getShape());
      NDArray prompt = maskPrompt(step, first, target);
      Masks second = sam.head().masksOfTokens(embedding, in.xy(), in.labels(), prompt);

      MaskLoss.Terms one = terms(first, target);
      MaskLoss.Terms two = terms(second, target);
      on.backward(Losses.scaled(one.total().add(two.total()), .5f));
      NDArray mask = one.focal().add(one.dice()).add(two.focal()).add(two.dice());
      Map<String, Double> parts = new LinkedHashMap<>();
      parts.put("mask", mask.getFloat() / 2.);
      parts.put("iou", one.iou().add(two.iou()).getFloat() / 2.);
      return new Outcome(() -> parts, batch.images(), batch.mix(), batch.passedOver());
    }
  }

  /**
   * The second look gets a mask beside the same points: in turn the first look's own, as in SAM's
   * training, and a coarse score map, as in the composition of both heads. [B, P, 1, h, w]
   */
  private static NDArray maskPrompt(long step, Masks first, NDArray target) {
    try (Autograd off = Autograd.disabled()) {
      return step % 2 == 0
          ? first.single().logits().stopGradient()
          : CoarseMasks.of(target.get(":, :, 0"), step);
    }
  }

  private MaskLoss.Terms terms(Masks masks, NDArray target) {
    return loss.supervised(masks, target, trueIou(masks.logits(), target));
  }

  /** True masks at the logits' size, as the share of each cell that is inside: [B, P, M, h, w]. */
  private static NDArray shrink(NDArray targets, Shape logits) {
    Shape t = targets.getShape();
    long h = logits.get(3);
    long factor = t.get(2) / h;
    NDArray cells = targets.reshape(t.get(0), t.get(1), h, factor, h, factor);
    return cells.sum(new int[] {3, 5}).div(factor * factor).expandDims(2).broadcast(logits);
  }

  /** IoU of the thresholded logits with the thresholded target, outside autograd. */
  private static NDArray trueIou(NDArray logits, NDArray target) {
    try (Autograd off = Autograd.disabled()) {
      NDArray inside = logits.gt(0);
      NDArray truth = target.gt(.5f);
      int[] pixels = {3, 4};
      NDArray both = inside.logicalAnd(truth).toType(logits.getDataType(), false).sum(pixels);
      NDArray any = inside.logicalOr(truth).toType(logits.getDataType(), false).sum(pixels);
      return both.div(any.maximum(1));
    }
  }
}
