package org.samclip.eval.protocol;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samclip.model.VisionModel;

/**
 * A way to measure a model. Found by {@link java.util.ServiceLoader}: a public class with a public
 * constructor without arguments, and a line with its name in {@code
 * META-INF/services/org.samclip.eval.protocol.Protocol}.
 *
 * @param <O> its options, a record of numbers, texts, enums, lists and such records, which checks
 *     its values and throws {@link org.samclip.eval.InvalidOption}; none is called protocol,
 *     teacher or resolutions
 */
public interface Protocol<O extends Record> {

  /**
   * @return small letters, digits and underscores, unique
   */
  String name();

  /**
   * @return one line for help
   */
  String description();

  /**
   * @return the sets that it reads
   */
  Set<DataKind> reads();

  /**
   * @return what a model has to be able to do, see {@link VisionModel#as}
   */
  Class<? extends VisionModel> needs();

  /**
   * @return what is not given
   */
  O defaults();

  /**
   * @param options of the run
   * @param teacher name of whom models are compared with, if anyone
   * @return the metrics that models can have, in the order of columns
   */
  List<Metric> metrics(O options, Optional<String> teacher);

  /**
   * Whether the teacher is asked at its own side, where it is best, and not at the student's. So
   * are most: a teacher's features need not be those of another side.
   *
   * @return whether it is
   */
  default boolean asksTeacherAtOwnSide() {
    return true;
  }

  /**
   * @return whether a model's answers are compared with its teacher's, and not only their metrics:
   *     then results have {@link ProtocolResult#answers} where they are asked for
   */
  default boolean comparesAnswers() {
    return false;
  }

  /**
   * @param options of the student
   * @return those of the teacher, where they differ
   */
  default O forTeacher(O options) {
    return options;
  }

  /**
   * @return whether it is cheap enough for looks at a model in training
   */
  default boolean isForLooks() {
    return true;
  }

  /**
   * Measures a model. Nothing of it changes, and no gradients are recorded.
   *
   * @param model that {@link #needs} is true of
   * @param data with what it {@link #reads}
   * @param options how
   * @param run side, batch, number of images, teacher
   * @return what was found
   * @throws org.samclip.UserError if the data are not as they should be
   */
  ProtocolResult run(VisionModel model, EvaluationData data, O options, ProtocolRun run);
}
