package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.Map;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.Feed;
import org.samclip.train.loss.Losses;

/** CLIP's own training: images and captions find each other within the batch. */
public final class ClipContrastive extends PrefetchedObjective<ClipBatch> {

  private final Clip clip;
  private final Tokenizer tokenizer;
  private final NDManager manager;

  /**
   * @param clip the model
   * @param tokenizer its tokenizer
   * @param manager on the model's device
   * @param feed images with captions
   */
  public ClipContrastive(Clip clip, Tokenizer tokenizer, NDManager manager, Feed<ClipBatch> feed) {
    super("batches-clip", feed);
    this.clip = clip;
    this.tokenizer = tokenizer;
    this.manager = manager;
  }

  @Override
  public String source() {
    return "clip";
  }

  @Override
  Position after(ClipBatch batch) {
    return batch.after();
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    ClipBatch batch = nextBatch();
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager()) {
      scope.suppressNotUsedWarning();
      NDArray images = clip.embedImages(batch.teacher().toArray(local));
      NDArray texts = clip.embedTexts(tokenizer.encode(local, batch.texts()));
      NDArray loss = Losses.contrastive(clip.logits(images, texts));
      on.backward(loss);
      return new Outcome(Map.of("contrastive", (double) loss.getFloat()), batch.teacher().count());
    }
  }
}
