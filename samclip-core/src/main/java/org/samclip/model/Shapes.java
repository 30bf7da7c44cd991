package org.samclip.model;

import java.util.Arrays;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.TensorInfo;
import org.samclip.checkpoint.TensorSource;

/**
 * What the shapes of a checkpoint's tensors say of its model.
 *
 * @param source under our names
 * @param model for messages, SAM or CLIP
 */
record Shapes(TensorSource source, String model) {

  boolean has(String name) {
    return source.names().contains(name);
  }

  /**
   * @param name a tensor
   * @param axes how many it has
   * @return its shape
   * @throws UserError if it is missing or has another number of axes
   */
  int[] of(String name, int axes) {
    require(name, "perhaps the file holds only a part of the model");
    TensorInfo info = source.info(name);
    long[] shape = info.shape();
    if (shape.length != axes || Arrays.stream(shape).anyMatch(n -> n < 1 || n > MAX_SIZE)) {
      throw refusal(
          Printable.of(info.toString()) + " is not a " + model + "'s tensor of that name");
    }
    return Arrays.stream(shape).mapToInt(n -> (int) n).toArray();
  }

  /** Beyond every part of a model; {@link org.samclip.nn.SizeLimits} says more. */
  private static final int MAX_SIZE = 1 << 24;

  /**
   * @param pattern of a name, with # for the index
   * @return how many there are from 0 on
   */
  int count(String pattern) {
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
   */
  void requireEach(String pattern, String what, int blocks) {
    for (int i = 0; i < blocks; i++) {
      require(pattern.replace("#", Integer.toString(i)), what);
    }
  }

  void require(String name, String what) {
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
  static double mlpRatio(int width, int hidden) {
    double ratio = (double) hidden / width;
    return (int) (width * ratio) == hidden ? ratio : Math.nextUp(ratio);
  }

  UserError refusal(String cause) {
    return new UserError(source.path() + ": this " + model + " cannot be read: " + cause);
  }
}
