package org.samclip.checkpoint;

import java.util.Arrays;
import org.samclip.UserError;

/**
 * What the shapes of a checkpoint's tensors say of its model.
 *
 * @param source under our names
 * @param model for messages, such as DINOv2
 */
public record TensorShapes(TensorSource source, String model) {

  /** Beyond every part of a model; {@code SizeLimits} says more. */
  private static final int MAX_SIZE = 1 << 24;

  /**
   * @param name a tensor
   * @return whether it is there
   */
  public boolean has(String name) {
    return source.names().contains(name);
  }

  /**
   * @param name a tensor
   * @param axes how many it has
   * @return its shape, every size from 1 on
   * @throws UserError if it is missing or has another number of axes
   */
  public int[] of(String name, int axes) {
    if (!has(name)) {
      throw refusal(
          "it has no tensor " + name + "; perhaps the file holds only a part of the model");
    }
    TensorInfo info = source.info(name);
    long[] shape = info.shape();
    if (shape.length != axes || Arrays.stream(shape).anyMatch(n -> n < 1 || n > MAX_SIZE)) {
      throw refusal(Printable.of(info.toString()) + " has not the shape of that tensor");
    }
    return Arrays.stream(shape).mapToInt(n -> (int) n).toArray();
  }

  /**
   * @param pattern of a name, with # for the index
   * @return how many there are from 0 on
   */
  public int count(String pattern) {
    int count = 0;
    while (has(pattern.replace("#", Integer.toString(count)))) {
      count++;
    }
    return count;
  }

  /**
   * @param cause why the model is none that can be read
   * @return the error
   */
  public UserError refusal(String cause) {
    return new UserError(source.path() + ": this " + model + " cannot be read: " + cause);
  }
}
