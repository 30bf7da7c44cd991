package org.samclip.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;

/** A model's sizes as JSON: in the metadata of our own files, and where a user writes them. */
public final class Architecture {

  private static final JsonMapper PLAIN =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  private static ObjectMapper json;

  private Architecture() {}

  /** Knows the text sides of the kinds on the class path. */
  private static synchronized ObjectMapper json() {
    if (json == null) {
      ObjectMapper mapper = PLAIN.copy();
      ModelFamilies.installed()
          .textSizes()
          .forEach((kind, type) -> mapper.registerSubtypes(new NamedType(type, kind)));
      json = mapper;
    }
    return json;
  }

  static String write(Record sizes) {
    try {
      return json().writeValueAsString(sizes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers is always JSON", e);
    }
  }

  static <S extends Record> S read(Path file, String architecture, Class<S> type) {
    try {
      S sizes = json().readValue(architecture, type);
      if (sizes == null) {
        throw new UserError(file + ": samclip.architecture is null");
      }
      return sizes;
    } catch (JsonProcessingException e) {
      throw new UserError(file + ": samclip.architecture is damaged: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * @param what is read, for messages
   * @param tree untrusted
   * @param type a record of sizes, or an interface of several
   * @param <S> the same
   * @return the sizes
   * @throws UserError if keys are missing, unknown or of other values than the type allows
   */
  public static <S> S read(String what, JsonNode tree, Class<S> type) {
    try {
      return json().treeToValue(tree, type);
    } catch (JsonMappingException e) {
      throw new UserError(what + ": " + problem(tree, e), e);
    } catch (JsonProcessingException e) {
      throw new UserError(what + ": " + e.getOriginalMessage(), e);
    }
  }

  /** What a user has to change, in the words of what was written. */
  private static String problem(JsonNode tree, JsonMappingException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof UserError) {
        return cause.getMessage();
      }
    }
    List<String> path = new ArrayList<>();
    JsonNode value = tree;
    for (JsonMappingException.Reference step : e.getPath()) {
      boolean named = step.getFieldName() != null;
      path.add(named ? step.getFieldName() : String.valueOf(step.getIndex() + 1));
      value = named ? value.path(step.getFieldName()) : value.path(step.getIndex());
    }
    String key = String.join(".", path);
    if (e instanceof UnrecognizedPropertyException unknown) {
      List<String> known =
          unknown.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
      String hint = NearestName.hint(unknown.getPropertyName(), known);
      return "unknown key '%s'; allowed: %s.%s".formatted(key, String.join(", ", known), hint);
    }
    if (!key.isEmpty() && value.isMissingNode()) {
      return "missing key '" + key + "'";
    }
    Class<?> type = e instanceof MismatchedInputException wrong ? wrong.getTargetType() : null;
    String allowed = type == null ? null : allowed(type);
    return allowed == null
        ? e.getOriginalMessage()
        : "'%s' is %s; allowed: %s".formatted(key, Printable.of(value.toString()), allowed);
  }

  /** Values of a type in words; null: not told. */
  private static String allowed(Class<?> type) {
    if (type.isEnum()) {
      return Stream.of(type.getEnumConstants())
          .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(", "));
    }
    if (type == int.class || type == Integer.class) {
      return "a whole number";
    }
    if (type == double.class) {
      return "a number";
    }
    if (type == boolean.class) {
      return "true or false";
    }
    if (List.class.isAssignableFrom(type)) {
      return "a list";
    }
    return type.isRecord() ? "a section of keys" : null;
  }
}
