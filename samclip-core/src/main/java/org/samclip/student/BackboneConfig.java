package org.samclip.student;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.annotation.JsonTypeIdResolver;
import org.samclip.model.ImageInput;

/**
 * Sizes of a backbone: a record whose constructor refuses what no such backbone has. In JSON its
 * {@code kind} stands among its keys.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.CUSTOM, property = "kind")
@JsonTypeIdResolver(KindResolver.class)
public interface BackboneConfig {

  /**
   * @return what a student with this backbone takes
   */
  ImageInput input();
}
