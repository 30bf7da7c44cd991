package org.samclip.eval.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.model.ModelFamilies;
import org.samclip.model.VisionModel;

/**
 * A protocol with its options.
 *
 * @param protocol what is measured
 * @param options how
 * @param <O> kind of the options
 */
public record ProtocolChoice<O extends Record>(Protocol<O> protocol, O options) {

  /**
   * @param protocol what is measured
   * @param given options by name, those that shall not be the protocol's defaults
   * @return the choice
   * @throws org.samclip.eval.InvalidOption if one is unknown or not as it should be
   */
  public static ProtocolChoice<?> of(Protocol<?> protocol, ObjectNode given) {
    return bound(protocol, given);
  }

  private static <O extends Record> ProtocolChoice<O> bound(
      Protocol<O> protocol, ObjectNode given) {
    return new ProtocolChoice<>(
        protocol, ProtocolOptions.bind(protocol.name(), protocol.defaults(), given));
  }

  /**
   * @return all options by name
   */
  public ObjectNode tree() {
    return ProtocolOptions.tree(options);
  }

  /**
   * @param teacher name of whom models are compared with, if anyone
   * @return the metrics that models can have
   */
  public List<Metric> metrics(Optional<String> teacher) {
    return protocol.metrics(options, teacher);
  }

  /**
   * @return the same for a teacher
   */
  public ProtocolChoice<O> forTeacher() {
    return new ProtocolChoice<>(protocol, protocol.forTeacher(options));
  }

  /**
   * Measures a model.
   *
   * @param model any
   * @param data the sets that there are
   * @param run side, batch, number of images, teacher
   * @return what was found
   * @throws UserError if the model cannot do what is needed, or the data are not as they should be
   */
  public ProtocolResult run(VisionModel model, EvaluationData data, ProtocolRun run) {
    if (model.as(protocol.needs()).isEmpty()) {
      throw new UserError(
          "protocol %s: the model cannot do what it needs; a %s model is needed"
              .formatted(protocol.name(), ModelFamilies.kinds(protocol.needs())));
    }
    return protocol.run(model, data, options, run);
  }
}
