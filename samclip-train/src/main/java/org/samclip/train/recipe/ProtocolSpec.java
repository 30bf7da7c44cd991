package org.samclip.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.protocol.Protocol;
import org.samclip.eval.protocol.ProtocolChoice;
import org.samclip.eval.protocol.Protocols;

/**
 * An entry of {@code evaluation.protocols}: a protocol, whose options stand beside these keys. What
 * is not given of them has the protocol's own default.
 *
 * <p>A column is called as the protocol's metric, with {@code ENTRY_} before it unless the entry is
 * called as its protocol, and with {@code _SIDE} behind it for every resolution but the first. So
 * no entry changes the names of another's columns.
 *
 * @param name of the entry
 * @param teacher name of whom the student's skill is held against, if anyone
 * @param resolutions sides in pixels; the first gives the columns of the table
 * @param choice the protocol with its options
 */
public record ProtocolSpec(
    String name, Optional<String> teacher, List<Integer> resolutions, ProtocolChoice<?> choice) {

  private static final String PROTOCOL = "protocol";
  private static final String TEACHER = "teacher";
  private static final String RESOLUTIONS = "resolutions";

  /** Copies the list. */
  public ProtocolSpec {
    resolutions = List.copyOf(resolutions);
  }

  /** Reads an entry; keys in messages are relative to the map of entries. */
  static ProtocolSpec of(String name, JsonNode entry) {
    Check.that(
        name.matches("[a-z][a-z0-9_]{0,63}"),
        name,
        "a name",
        "one of small letters, digits and _ with a letter first, as columns bear it");
    Check.that(
        entry instanceof ObjectNode,
        name,
        entry,
        "a section of protocol, teacher, resolutions and the protocol's options");
    ObjectNode options = ((ObjectNode) entry).deepCopy();
    JsonNode protocol = options.remove(PROTOCOL);
    JsonNode teacher = options.remove(TEACHER);
    JsonNode resolutions = options.remove(RESOLUTIONS);
    text(name + "." + PROTOCOL, protocol);
    text(name + "." + TEACHER, teacher);
    try {
      Protocol<?> known =
          Protocols.installed().of(PROTOCOL, protocol == null ? name : protocol.asText());
      return new ProtocolSpec(
          name,
          Optional.ofNullable(teacher).map(JsonNode::asText),
          sides(name + "." + RESOLUTIONS, resolutions),
          ProtocolChoice.of(known, options));
    } catch (InvalidOption e) {
      throw new InvalidValue(name + "." + e.key(), e.problem());
    }
  }

  private static void text(String key, JsonNode value) {
    Check.that(value == null || value.isTextual(), key, value, "a name");
  }

  private static List<Integer> sides(String key, JsonNode value) {
    Check.that(
        value instanceof ArrayNode, key, value == null ? "missing" : value, "a list of pixels");
    List<Integer> sides = new ArrayList<>();
    for (JsonNode side : value) {
      Check.that(side.isInt(), key, side, "whole numbers of pixels");
      Check.resolution(key, side.intValue());
      sides.add(side.intValue());
    }
    Check.notEmpty(key, sides);
    Check.distinct(key, sides, side -> side);
    return sides;
  }

  /** All keys with their values, as a recipe's file has them. */
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(PROTOCOL, choice.protocol().name());
    teacher.ifPresent(value -> tree.put(TEACHER, value));
    tree.put(RESOLUTIONS, resolutions);
    tree.putAll(RecipeMapper.plain(choice.tree()));
    return tree;
  }

  /**
   * @param metric id
   * @param side of one of the resolutions
   * @return name of the column
   */
  public String column(String metric, int side) {
    return (name.equals(choice.protocol().name()) ? "" : name + "_")
        + metric
        + (side == resolutions.get(0) ? "" : "_" + side);
  }

  /**
   * @return the same at the first resolution only
   */
  ProtocolSpec atFirst() {
    return new ProtocolSpec(name, teacher, resolutions.subList(0, 1), choice);
  }
}
