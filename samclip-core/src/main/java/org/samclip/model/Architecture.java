package org.samclip.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import org.samclip.UserError;

/** A model's sizes as JSON in the metadata of our own files. */
final class Architecture {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  private Architecture() {}

  static String write(Record sizes) {
    try {
      return JSON.writeValueAsString(sizes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers is always JSON", e);
    }
  }

  static <S extends Record> S read(Path file, String architecture, Class<S> type) {
    try {
      S sizes = JSON.readValue(architecture, type);
      if (sizes == null) {
        throw new UserError(file + ": samclip.architecture is null");
      }
      return sizes;
    } catch (JsonProcessingException e) {
      throw new UserError(file + ": samclip.architecture is damaged: " + e.getOriginalMessage(), e);
    }
  }
}
