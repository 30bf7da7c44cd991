package org.samclip.train.feed;

import java.util.function.IntUnaryOperator;
import org.samclip.data.transform.Mosaic;
import org.samclip.data.transform.Normalisation;
import org.samclip.model.ImageInput;

/**
 * A network that sees the images of a feed.
 *
 * @param name of the student or a teacher
 * @param normalisation of its input
 * @param patch side in pixels of a patch of its input
 * @param side of what it sees, in pixels, by the side of what the student sees
 * @param mosaic whether it sees four of the student's images as one of that side
 */
public record Viewer(
    String name, Normalisation normalisation, int patch, IntUnaryOperator side, boolean mosaic) {

  /**
   * @param name of the student or a teacher
   * @param input what it takes
   * @param side of what it sees, in pixels, by the side of what the student sees
   * @return the viewer of single images
   */
  public static Viewer of(String name, ImageInput input, IntUnaryOperator side) {
    return new Viewer(name, normalisation(input), input.patch(), side, false);
  }

  /**
   * @param name of a teacher
   * @param input what it takes
   * @return the viewer of mosaics of the side that it was made for
   */
  public static Viewer ofMosaics(String name, ImageInput input) {
    return new Viewer(name, normalisation(input), input.patch(), any -> input.side(), true);
  }

  private static Normalisation normalisation(ImageInput input) {
    return new Normalisation(input.divisor(), input.mean(), input.std());
  }

  /**
   * @param student side of what the student sees, in pixels
   * @return side of what it sees of each of the student's images
   */
  public int imageSide(int student) {
    int own = side.applyAsInt(student);
    return mosaic ? own / 2 : own;
  }

  /**
   * @return how many of the student's images are one of its own
   */
  public int images() {
    return mosaic ? Mosaic.IMAGES : 1;
  }
}
