package org.samclip.eval.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.NearestName;
import org.samclip.eval.InvalidOption;

/**
 * Options of a protocol as trees of names and values: snake_case keys, choices in small letters.
 */
final class ProtocolOptions {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  private ProtocolOptions() {}

  static ObjectNode tree(Record options) {
    return MAPPER.valueToTree(options);
  }

  /**
   * @param protocol its name, for messages
   * @param defaults what is not given
   * @param given by name; what is a list may be a text with commas
   * @throws InvalidOption if something is unknown or not as it should be
   */
  static <O extends Record> O bind(String protocol, O defaults, ObjectNode given) {
    ObjectNode tree = tree(defaults);
    lay(given, tree, "", protocol);
    try {
      @SuppressWarnings("unchecked") // the class of an O
      Class<O> type = (Class<O>) defaults.getClass();
      return MAPPER.treeToValue(tree, type);
    } catch (JsonMappingException e) {
      throw explain(e, tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree in memory has no syntax", e);
    }
  }

  private static void lay(ObjectNode given, ObjectNode below, String section, String protocol) {
    for (Map.Entry<String, JsonNode> entry : given.properties()) {
      String key = section.isEmpty() ? entry.getKey() : section + "." + entry.getKey();
      JsonNode old = below.get(entry.getKey());
      JsonNode value = entry.getValue();
      if (old == null) {
        throw unknown(key, entry.getKey(), names(below), protocol);
      }
      if (old instanceof ObjectNode part && value instanceof ObjectNode change) {
        lay(change, part, key, protocol);
      } else if (old instanceof ObjectNode) {
        throw InvalidOption.value(key, value, "a section of " + String.join(", ", names(old)));
      } else if (old instanceof ArrayNode && value.isTextual()) {
        ArrayNode list = below.putArray(entry.getKey());
        Arrays.stream(value.asText().split(",")).map(String::strip).forEach(list::add);
      } else {
        below.set(entry.getKey(), value.deepCopy());
      }
    }
  }

  private static InvalidOption unknown(
      String key, String name, List<String> allowed, String protocol) {
    String known = allowed.isEmpty() ? "nothing" : String.join(", ", allowed);
    return InvalidOption.key(
        key,
        "is no option of the protocol %s; allowed: %s.%s"
            .formatted(protocol, known, NearestName.hint(name, allowed)));
  }

  private static List<String> names(JsonNode section) {
    List<String> names = new ArrayList<>();
    section.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static InvalidOption explain(JsonMappingException e, JsonNode tree) {
    List<String> path = new ArrayList<>();
    JsonNode found = tree;
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() != null) {
        path.add(step.getFieldName());
        found = found.path(step.getFieldName());
      } else {
        found = found.path(step.getIndex());
      }
    }
    String key = String.join(".", path);
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidOption invalid) {
        return invalid.in(key);
      }
    }
    Class<?> type =
        e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
    return InvalidOption.value(key, found, allowed(type, found.asText()));
  }

  private static String allowed(Class<?> type, String found) {
    if (type == null) {
      return "another form";
    }
    if (type.isEnum()) {
      List<String> names = new ArrayList<>();
      for (Object constant : type.getEnumConstants()) {
        names.add(((Enum<?>) constant).name().toLowerCase(Locale.ROOT));
      }
      return String.join(", ", names) + "." + NearestName.hint(found, names);
    }
    if (type == int.class || type == long.class || type == Integer.class) {
      return "a whole number";
    }
    if (type == double.class || type == Double.class) {
      return "a number";
    }
    if (type == boolean.class) {
      return "true or false";
    }
    return Collection.class.isAssignableFrom(type) ? "a list" : "a text";
  }
}
