package org.samclip.student;

import java.util.List;
import java.util.Optional;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;

/**
 * A kind of backbone or head. Implementations are found by {@link java.util.ServiceLoader}: a
 * public class with a public constructor without parameters, named in {@code META-INF/services}
 * under {@link BackboneKind} or {@link HeadKind}.
 *
 * @param <C> the record of its sizes
 */
public interface Kind<C> {

  /**
   * @return the name in configs and files: lower case, such as {@code vit-det}
   */
  String kind();

  /**
   * @return the class of the sizes, which belongs to this kind alone
   */
  Class<C> configType();

  /**
   * Such a part of a model, from which a student's can start.
   *
   * @param config its sizes
   * @param modules its modules, in the order of a student's part of this kind
   * @param <C> the record of its sizes
   */
  record Found<C>(C config, List<Module> modules) {}

  /**
   * Looks for such a part in a model of any family; merged models are looked through without this.
   *
   * @param model any
   * @return the part, if the model has one
   */
  default Optional<Found<C>> in(VisionModel model) {
    return Optional.empty();
  }
}
