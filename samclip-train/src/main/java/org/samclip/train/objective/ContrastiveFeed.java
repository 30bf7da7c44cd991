package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.Map;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Autograd;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.loss.Losses;

/** CLIP's own training: images and captions find each other within the batch. */
public final class ContrastiveFeed extends PrefetchedFeed {

  private final Clip clip;
  private final Tokenizer tokenizer;
  private final NDManager manager;

  /**
   * @param clip the model
   * @param tokenizer its tokenizer
   * @param manager on the model's device
   * @param feed images with captions
   */
  public ContrastiveFeed(Clip clip, Tokenizer tokenizer, NDManager manager, Feed feed) {
    super(feed);
    this.clip = clip;
    this.tokenizer = tokenizer;
    this.manager = manager;
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    FeedBatch batch = nextBatch();
    ImageBatch seen = batch.batches().get(0);
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager()) {
      scope.suppressNotUsedWarning();
      NDArray images = clip.embedImages(seen.student().toArray(local));
      NDArray texts = clip.embedTexts(tokenizer.encode(local, seen.texts()));
      NDArray loss = Losses.contrastive(clip.logits(images, texts));
      on.backward(loss);
      Map<String, Double> losses = Map.of("contrastive", (double) loss.getFloat());
      return new Outcome(() -> losses, batch.images(), batch.mix(), 0);
    }
  }
}
