package org.samclip.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;

/**
 * A part of a config file that others wrote.
 *
 * @param origin the file, for messages
 * @param part the key above, or empty
 * @param values what it holds
 */
record ConfigJson(String origin, String part, JsonNode values) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static ObjectNode emptyObject() {
    return JSON.createObjectNode();
  }

  int number(String key) {
    if (!values.path(key).canConvertToInt() || !values.get(key).isIntegralNumber()) {
      throw wrong(key, "a whole number");
    }
    int number = values.get(key).intValue();
    if (number < 1) {
      throw wrong(key, "a number from 1 on");
    }
    return number;
  }

  int number(String key, int otherwise) {
    return values.hasNonNull(key) ? number(key) : otherwise;
  }

  double real(String key, double otherwise) {
    if (!values.hasNonNull(key)) {
      return otherwise;
    }
    if (!values.get(key).isNumber()) {
      throw wrong(key, "a number");
    }
    return values.get(key).doubleValue();
  }

  String text(String key, String otherwise) {
    if (!values.hasNonNull(key)) {
      return otherwise;
    }
    if (!values.get(key).isTextual()) {
      throw wrong(key, "a text");
    }
    return Printable.of(values.get(key).textValue());
  }

  private UserError wrong(String key, String needed) {
    String name = part.isEmpty() ? key : part + "." + key;
    String found = values.has(key) ? Printable.of(values.get(key).toString()) : "missing";
    return new UserError(origin + ": " + name + " is " + found + "; needed: " + needed);
  }
}
