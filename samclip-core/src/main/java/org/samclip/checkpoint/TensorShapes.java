package org.samclip.checkpoint;

import java.util.Arrays;
import org.samclip.UserError;

/**
 * What the shapes of a checkpoint's tensors say of its model.
 *
 * @param source under our names
 * @param model for messages, such as SAM or DINOv2
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
    require(name, "perhaps the file holds only a part of the model");
    TensorInfo info = source.info(name);
    long[] shape = info.shape();
    if (shape.length != axes || Arrays.stream(shape).anyMatch(n -> n < 1 || n > MAX_SIZE)) {
      throw refusal(
          Printable.of(info.toString()) + " is not a " + model + "'s tensor of that name");
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
   * @param pattern of a tensor that every block has, with # for the index
   * @param what is missing, for the message
   * @param blocks how many there are
   * @throws UserError if one is missing
   */
  public void requireEach(String pattern, String what, int blocks) {
    for (int i = 0; i < blocks; i++) {
      require(pattern.replace("#", Integer.toString(i)), what);
    }
  }

  /**
   * @param name a tensor
   * @param what is missing without it, for the message
   * @throws UserError if it is missing or could not be read
   */
  public void require(String name, String what) {
    String unread = source.unread().get(name);
    if (unread != null) {
      throw refusal("its " + name + " is no tensor that is read but: " + Printable.of(unread));
    }
    if (!has(name)) {
      throw refusal("it has no tensor " + name + ": " + what);
    }
  }

  /**
   * @param width of a token
   * @param hidden width of the MLP
   * @return the ratio by which a block finds the hidden width again
   */
  public static double mlpRatio(int width, int hidden) {
    double ratio = (double) hidden / width;
    return (int) (width * ratio) == hidden ? ratio : Math.nextUp(ratio);
  }

  /**
   * @param cause why the model is none that can be read
   * @return the error
   */
  public UserError refusal(String cause) {
    return new UserError(source.path() + ": this " + model + " cannot be read: " + cause);
  }
}
