package org.samclip.eval.protocol;

import java.util.Optional;
import org.samclip.eval.Answers;
import org.samclip.eval.InvalidOption;
import org.samclip.model.VisionModel;

/**
 * How a protocol is run, beside its options.
 *
 * @param side of the square input in pixels; 0 for the model's own
 * @param batch images at once, at least 1
 * @param maxImages most images of each set, spread over it; 0 for all
 * @param keepsAnswers whether the result shall have the model's answers, for others to be compared
 *     with
 * @param teacher whom the model is compared with, if anyone
 */
public record ProtocolRun(
    int side, int batch, int maxImages, boolean keepsAnswers, Optional<Teacher> teacher) {

  /** Prompts that are decoded at once. */
  static final int PROMPTS_PER_PASS = 64;

  /**
   * Whom a model is compared with.
   *
   * @param name of the teacher
   * @param answers that it gave in the same protocol, on the same images
   */
  public record Teacher(String name, Answers answers) {}

  /** Checks the numbers. */
  public ProtocolRun {
    InvalidOption.check(side >= 0, "side", side, "0 for the model's own, or above");
    InvalidOption.check(batch >= 1, "batch", batch, "1 or more");
    InvalidOption.check(maxImages >= 0, "max_images", maxImages, "0 for all, or above");
  }

  /**
   * Without a teacher.
   *
   * @param side of the square input in pixels; 0 for the model's own
   * @param batch images at once, at least 1
   * @param maxImages most images of each set, spread over it; 0 for all
   */
  public ProtocolRun(int side, int batch, int maxImages) {
    this(side, batch, maxImages, false, Optional.empty());
  }

  /**
   * @param model that is measured
   * @return S, a multiple of the model's patch
   * @throws InvalidOption if the side is none
   */
  public int sideOf(VisionModel model) {
    int patch = model.input().patch();
    if (side % patch != 0) {
      int nearest = Math.max(1, Math.round((float) side / patch)) * patch;
      throw InvalidOption.value(
          "side", side, "a multiple of the model's patch " + patch + "; try " + nearest);
    }
    return side == 0 ? model.input().side() : side;
  }

  /**
   * @param kind of the answers
   * @param <A> the kind
   * @return the teacher's answers, if there are any
   * @throws IllegalArgumentException if they are of another protocol
   */
  public <A extends Answers> Optional<A> answers(Class<A> kind) {
    return teacher.map(
        one -> {
          if (!kind.isInstance(one.answers())) {
            throw new IllegalArgumentException(
                one.name() + " gave " + one.answers().getClass() + ", not " + kind);
          }
          return kind.cast(one.answers());
        });
  }
}
