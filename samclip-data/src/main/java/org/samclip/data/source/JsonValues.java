package org.samclip.data.source;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigInteger;
import java.util.regex.Pattern;

/**
 * JSON values as people write them. What can mean only one thing is converted: numbers written as
 * text, whole numbers written with a fraction of zero, {@code true} for 1. All else is null here,
 * never 0, and the caller refuses it. {@code NaN} and {@code Infinity} are read, as Python writes
 * them.
 */
final class JsonValues {

  static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final Pattern WHOLE = Pattern.compile("[-+]?\\d{1,40}(\\.0{0,40})?");
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d{1,40}(\\.\\d{0,40})?|\\.\\d{1,40})([eE][-+]?\\d{1,3})?");

  /** Beyond this a floating-point number stands for several whole ones. */
  private static final double EXACT = 1L << 53;

  /** Longest text that is an id: it becomes a name in archives. */
  private static final int LONGEST_ID = 200;

  private static final int SHOWN = 60;

  private JsonValues() {}

  /** Whether there is no value: a field that is missing, or null. */
  static boolean absent(JsonNode node) {
    return node == null || node.isMissingNode() || node.isNull();
  }

  /** A number, perhaps not finite; null if the value is none. */
  static Double number(JsonNode node) {
    if (node == null) {
      return null;
    }
    if (node.isNumber()) {
      return node.doubleValue();
    }
    String text = node.isTextual() ? node.textValue().strip() : "";
    return NUMBER.matcher(text).matches() ? Double.valueOf(text) : null;
  }

  /** A whole number of 64 bits with a sign; null if the value is none. */
  static Long whole(JsonNode node) {
    String digits = digits(node);
    try {
      return digits == null ? null : Long.valueOf(digits);
    } catch (NumberFormatException e) {
      // More digits than 64 bits hold.
      return null;
    }
  }

  /** A yes or no: true, false, or a number that is not 0, or 0; null if the value is none. */
  static Boolean flag(JsonNode node) {
    if (node != null && node.isBoolean()) {
      return node.booleanValue();
    }
    Long number = whole(node);
    return number == null ? null : Boolean.valueOf(number != 0);
  }

  /**
   * What an entry is known by: a whole number as its digits, or a text of up to 200 characters. So
   * {@code 7}, {@code 7.0} and {@code "007"} are the same. Null if the value is none of these.
   */
  static String id(JsonNode node) {
    String digits = digits(node);
    if (digits != null || node == null || !node.isTextual()) {
      return digits;
    }
    String text = node.textValue();
    return text.isBlank() || text.length() > LONGEST_ID ? null : text;
  }

  /** The digits of a whole number as {@code BigInteger} writes them, or null. */
  private static String digits(JsonNode node) {
    if (node == null) {
      return null;
    }
    if (node.isIntegralNumber()) {
      String digits = node.bigIntegerValue().toString();
      return digits.length() <= LONGEST_ID ? digits : null;
    }
    if (node.isNumber()) {
      double value = node.doubleValue();
      boolean whole = Math.abs(value) <= EXACT && value == Math.rint(value);
      return whole ? Long.toString((long) value) : null;
    }
    String text = node.isTextual() ? node.textValue().strip() : "";
    if (!WHOLE.matcher(text).matches()) {
      return null;
    }
    int point = text.indexOf('.');
    return new BigInteger(point < 0 ? text : text.substring(0, point)).toString();
  }

  /** A value for a message, cut where it is long. */
  static String shown(JsonNode node) {
    if (node == null || node.isMissingNode()) {
      return "missing";
    }
    if (node.isObject()) {
      return "an object";
    }
    if (node.isArray() && node.size() > 8) {
      return "a list of " + node.size();
    }
    String text = node.toString();
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
