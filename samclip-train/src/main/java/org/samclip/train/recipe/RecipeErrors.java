package org.samclip.train.recipe;

import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.samclip.NearestName;
import org.samclip.UserError;

/** Turns a failure to bind a tree into a message with origin, dotted path, value and remedy. */
final class RecipeErrors {

  private static final int MAX_VALUE_LENGTH = 80;

  private final ObjectMapper mapper;
  private final JsonNode tree;
  private final RecipeLayers layers;

  RecipeErrors(ObjectMapper mapper, JsonNode tree, RecipeLayers layers) {
    this.mapper = mapper;
    this.tree = tree;
    this.layers = layers;
  }

  UserError explain(JsonMappingException e) {
    List<String> path = path(e);
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidValue invalid) {
        if (!invalid.key().isEmpty()) {
          path.addAll(List.of(invalid.key().split("\\.")));
          path = TreePath.numbered(tree, path);
        }
        return error(path, "", invalid.problem(), e);
      }
    }
    if (e instanceof UnrecognizedPropertyException unknown) {
      List<String> allowed =
          unknown.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
      String hint = NearestName.hint(unknown.getPropertyName(), allowed);
      return error(
          path,
          "unknown key ",
          "(value " + value(path) + ")." + hint + " Allowed here: " + String.join(", ", allowed),
          e);
    }
    if (TreePath.find(tree, path).isMissingNode()) {
      return error(path, "missing key ", "", e);
    }
    Class<?> target = target(e);
    if (target != null && target.isEnum()) {
      List<String> allowed = new ArrayList<>();
      for (Object constant : target.getEnumConstants()) {
        allowed.add(mapper.convertValue(constant, String.class));
      }
      String written = e instanceof InvalidFormatException f ? String.valueOf(f.getValue()) : "";
      String hint = NearestName.hint(written, allowed);
      return error(
          path,
          "",
          "is " + value(path) + "; allowed: " + String.join(", ", allowed) + "." + hint,
          e);
    }
    return error(path, "", "is " + value(path) + "; allowed: " + describe(target), e);
  }

  private UserError error(List<String> path, String before, String after, Exception cause) {
    String dotted = path.isEmpty() ? "the recipe" : "'" + String.join(".", path) + "'";
    String message = layers.origin(path) + ": " + before + dotted + " " + after;
    return new UserError(message.strip(), cause);
  }

  private String value(List<String> path) {
    String text = TreePath.find(tree, path).toString();
    return text.length() <= MAX_VALUE_LENGTH ? text : text.substring(0, MAX_VALUE_LENGTH) + "...";
  }

  private static Class<?> target(JsonMappingException e) {
    if (e instanceof MismatchedInputException mismatch) {
      return mismatch.getTargetType();
    }
    // A number that is too large for its type fails in the parser, below the mapper.
    return e.getCause() instanceof InputCoercionException coercion
        ? coercion.getTargetType()
        : null;
  }

  private static List<String> path(JsonMappingException e) {
    List<String> path = new ArrayList<>();
    for (JsonMappingException.Reference step : e.getPath()) {
      path.add(
          step.getFieldName() != null ? step.getFieldName() : String.valueOf(step.getIndex() + 1));
    }
    return path;
  }

  private static String describe(Class<?> type) {
    if (type == null) {
      return "another form; see docs/recipe.md";
    }
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      boolean narrow = type == int.class || type == Integer.class;
      return "a whole number of " + (narrow ? 32 : 64) + " bits";
    }
    if (type == double.class || type == Double.class) {
      return "a number";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text";
    }
    if (List.class.isAssignableFrom(type)) {
      return "a list";
    }
    if (Map.class.isAssignableFrom(type)) {
      return "a section of names, each with what it stands for: NAME: ...";
    }
    if (type == OutputName.class) {
      return "NAME.OUTPUT, such as clip.summary";
    }
    if (type == TermSpec.class) {
      return "a weight, or a section of weight and the term's own numbers";
    }
    if (type == Duration.class) {
      return Duration.ALLOWED;
    }
    return "a section of keys";
  }
}
