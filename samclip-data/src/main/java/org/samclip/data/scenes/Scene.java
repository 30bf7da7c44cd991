package org.samclip.data.scenes;

import java.util.List;
import org.samclip.data.transform.RgbImage;

/**
 * A made-up picture and all that is known about it.
 *
 * @param image the picture
 * @param objects what is on it, the lowest first; empty for a bare background
 * @param caption one sentence without a full stop, lower case
 * @param background kind of background
 */
public record Scene(
    RgbImage image, List<SceneObject> objects, String caption, BackgroundKind background) {

  /** Keeps a copy of the list. */
  public Scene {
    objects = List.copyOf(objects);
  }
}
