package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.student.Parts;

/**
 * A head of the student. Beside the keys below stand those of its kind, such as {@code layers}.
 *
 * @param kind name of a {@link org.samclip.student.HeadKind}
 * @param to the teacher's output that it imitates, which says how wide its own is; absent: its
 *     sizes say it
 * @param from name of a teacher that has such a head, whose sizes and weights it takes; absent:
 *     fresh
 * @param init how fresh weights are made; absent: at random
 * @param sizes keys of its kind, as they are written
 */
@JsonDeserialize(using = HeadSpec.Reader.class)
public record HeadSpec(
    String kind,
    @Optional OutputName to,
    @Optional String from,
    @Optional String init,
    @JsonAnyGetter Map<String, JsonNode> sizes) {

  /** The keys that every head may have. */
  private record Common(
      @JsonProperty(required = true) String kind,
      @Optional OutputName to,
      @Optional String from,
      @Optional String init) {}

  public HeadSpec {
    Check.known("kind", kind, Parts.headKinds());
    sizes = Collections.unmodifiableMap(new TreeMap<>(sizes));
    if (from == null) {
      checkSizes(kind, to, sizes);
    } else {
      String whole = "nothing, as sizes and weights come 'from' " + from;
      Check.that(to == null, "to", "'" + to + "'", whole);
      Check.that(init == null, "init", "'" + init + "'", whole);
      sizes.forEach((key, value) -> Check.that(false, key, value, whole));
    }
  }

  /** Checks the keys of its kind; a teacher's width counts as any, until the teacher is known. */
  private static void checkSizes(String kind, OutputName to, Map<String, JsonNode> sizes) {
    String width = Parts.widthKey(kind).orElse(null);
    Check.that(
        to == null || width != null,
        "to",
        "'" + to + "'",
        "nothing, as the sizes of a " + kind + " do not follow from an output; 'from' takes them");
    if (width != null) {
      Check.that(
          to == null || !sizes.containsKey(width),
          width,
          sizes.get(width),
          "nothing, as it follows from 'to'");
      Check.that(
          to != null || sizes.containsKey(width),
          "to",
          "missing",
          "a teacher's output, such as clip.summary, to be as wide as that (or " + width + ")");
    }
    try {
      Parts.head("of kind " + kind, kind, section(sizes), to == null ? null : 1);
    } catch (UserError e) {
      throw new InvalidValue("", e.getMessage());
    }
  }

  private static ObjectNode section(Map<String, JsonNode> sizes) {
    ObjectNode section = JsonNodeFactory.instance.objectNode();
    section.setAll(new TreeMap<>(sizes));
    return section;
  }

  /**
   * @return the sizes as one section
   */
  public ObjectNode section() {
    return section(sizes);
  }

  /** Takes the keys of all heads, and leaves the rest to the kind. */
  static final class Reader extends StdDeserializer<HeadSpec> {

    private static final long serialVersionUID = 1L;

    Reader() {
      super(HeadSpec.class);
    }

    @Override
    public HeadSpec deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonNode tree = context.readTree(parser);
      if (!(tree instanceof ObjectNode section)) {
        return (HeadSpec) context.handleUnexpectedToken(HeadSpec.class, parser);
      }
      ObjectNode common = section.objectNode();
      for (String key : new String[] {"kind", "to", "from", "init"}) {
        if (section.has(key)) {
          common.set(key, section.remove(key));
        }
      }
      Common read = context.readTreeAsValue(common, Common.class);
      Map<String, JsonNode> sizes = new TreeMap<>();
      section.properties().forEach(entry -> sizes.put(entry.getKey(), entry.getValue()));
      return new HeadSpec(read.kind, read.to, read.from, read.init, sizes);
    }
  }
}
