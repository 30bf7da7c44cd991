package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code evaluation.protocols}, a map with free names.
 *
 * @param entries in their order
 */
public record ProtocolsSpec(List<ProtocolSpec> entries) {

  /** Copies the list. */
  public ProtocolsSpec {
    entries = List.copyOf(entries);
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static ProtocolsSpec of(ObjectNode tree) {
    List<ProtocolSpec> entries = new ArrayList<>();
    tree.properties()
        .forEach(entry -> entries.add(ProtocolSpec.of(entry.getKey(), entry.getValue())));
    return new ProtocolsSpec(entries);
  }

  @JsonValue
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    entries.forEach(entry -> tree.put(entry.name(), entry.tree()));
    return tree;
  }
}
