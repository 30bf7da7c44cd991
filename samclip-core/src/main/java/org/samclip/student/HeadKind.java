package org.samclip.student;

import java.util.Optional;

/**
 * A kind of head, see {@link Kind}.
 *
 * @param <C> the record of its sizes
 */
public interface HeadKind<C extends Record & HeadConfig> extends Kind<C> {

  /**
   * @param config the sizes
   * @param backbone on which it stands
   * @return the head, without memory
   * @throws org.samclip.UserError if it cannot stand on this backbone
   */
  Head build(C config, Backbone backbone);

  /**
   * @return the key of its sizes that says how wide its outputs are; empty if that follows from
   *     others
   */
  default Optional<String> widthKey() {
    return Optional.of("width");
  }
}
