package org.samclip.student;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.annotation.JsonTypeIdResolver;

/**
 * Sizes of a head: a record whose constructor refuses what no such head has. In JSON its {@code
 * kind} stands among its keys.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.CUSTOM, property = "kind")
@JsonTypeIdResolver(KindResolver.class)
public interface HeadConfig {}
