package org.samclip.student;

/**
 * A kind of backbone, see {@link Kind}.
 *
 * @param <C> the record of its sizes
 */
public interface BackboneKind<C extends Record & BackboneConfig> extends Kind<C> {

  /**
   * @param config the sizes
   * @return the backbone, without memory
   */
  Backbone build(C config);
}
