package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.MapperBuilder;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.samclip.model.Preset;

/** How recipe records look as a tree: snake_case keys, lower-case choices, nothing unknown. */
final class RecipeMapper {

  private static final ObjectMapper PLAIN = new ObjectMapper();

  private RecipeMapper() {}

  /** A tree as maps, lists and values, which are written in the order that a mapper is told. */
  static Map<String, Object> plain(ObjectNode tree) {
    return PLAIN.convertValue(tree, new TypeReference<LinkedHashMap<String, Object>>() {});
  }

  static <B extends MapperBuilder<?, B>> B configure(B builder) {
    return builder
        .annotationIntrospector(new RecipeIntrospector())
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .serializationInclusion(JsonInclude.Include.NON_NULL)
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(MapperFeature.BLOCK_UNSAFE_POLYMORPHIC_BASE_TYPES)
        .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);
  }

  private static final class RecipeIntrospector extends JacksonAnnotationIntrospector {

    private static final long serialVersionUID = 1L;

    @Override
    public Boolean hasRequiredMarker(AnnotatedMember member) {
      return member instanceof AnnotatedParameter ? !member.hasAnnotation(Optional.class) : null;
    }

    @Override
    public String[] findEnumValues(
        MapperConfig<?> config, AnnotatedClass type, Enum<?>[] values, String[] names) {
      String[] found = super.findEnumValues(config, type, values, names);
      for (int i = 0; i < values.length; i++) {
        if (found[i] == null) {
          found[i] =
              values[i] instanceof Preset preset
                  ? preset.label()
                  : values[i].name().toLowerCase(Locale.ROOT);
        }
      }
      return found;
    }
  }
}
