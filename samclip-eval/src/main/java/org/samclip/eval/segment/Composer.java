package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.stream.Stream;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.model.SamClip;

/** Labels an image by both heads; {@link HeadComposition} measures it. */
public interface Composer {

  /**
   * Composes one image.
   *
   * @param features of one image
   * @param frame where the image lies in the input
   * @param height rows of the result
   * @param width columns of the result
   * @return labels and masks, belonging to the manager of the features
   */
  Composition compose(SamClip.Features features, SamPreprocess.Frame frame, int height, int width);

  /**
   * @param batch features of several images
   * @param i which of them
   * @param manager what the result shall belong to
   * @return its features
   */
  static SamClip.Features one(SamClip.Features batch, int i, NDManager manager) {
    List<NDArray> parts =
        Stream.of(batch.image(), batch.patches(), batch.tokens(), batch.neck())
            .map(part -> part.get("{}:{}", i, i + 1))
            .toList();
    parts.forEach(part -> part.attach(manager));
    return new SamClip.Features(parts.get(0), parts.get(1), parts.get(2), parts.get(3));
  }
}
