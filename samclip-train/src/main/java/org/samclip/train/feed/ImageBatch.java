package org.samclip.train.feed;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.data.transform.RgbImage;

/**
 * Images of one resolution, as each network sees them.
 *
 * @param views by the networks' names, the student's first; those of equal side share their images.
 *     One of mosaics has an image for every four of the student's
 * @param shifts how far each network sees them moved
 * @param prompts for each image; null: none
 * @param texts captions, or nulls
 * @param passedOver samples without a usable mask that came between the images of all ranks
 * @param share which of all ranks' images these are
 */
public record ImageBatch(
    Map<String, ImageView> views,
    Shifts shifts,
    PromptBatch prompts,
    List<String> texts,
    int passedOver,
    Share share) {

  /**
   * All images of a batch, which no network sees moved.
   *
   * @param views by the networks' names, the student's first
   * @param prompts for each image; null: none
   * @param texts captions, or nulls
   * @param passedOver samples without a usable mask that came between the images
   */
  public ImageBatch(
      Map<String, ImageView> views, PromptBatch prompts, List<String> texts, int passedOver) {
    this(
        views,
        Shifts.NONE,
        prompts,
        texts,
        passedOver,
        Share.whole(views.values().iterator().next().count()));
  }

  /**
   * @return the images as the student sees them
   */
  public ImageView student() {
    return views.values().iterator().next();
  }

  /** What it takes of Java's heap, apart from small change; images that views share count once. */
  long bytes() {
    Set<RgbImage> images = Collections.newSetFromMap(new IdentityHashMap<>());
    views.values().forEach(view -> images.addAll(view.images()));
    long pixels = images.stream().mapToLong(image -> image.rgb().length).sum();
    return pixels + (prompts == null ? 0 : prompts.bytes());
  }
}
