package org.samclip.eval;

import java.util.List;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;

/**
 * An image with the masks of its objects.
 *
 * @param key what messages call it
 * @param image the image
 * @param objects its objects
 */
public record LabelledObjects(String key, RgbImage image, List<Item> objects) {

  /**
   * One object.
   *
   * @param mask its mask, of the image's size
   * @param crowd whether it stands for many objects that are not told apart
   */
  public record Item(RunLengthMask mask, boolean crowd) {}
}
