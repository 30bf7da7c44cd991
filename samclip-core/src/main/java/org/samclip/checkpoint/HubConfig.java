package org.samclip.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.samclip.UserError;

/**
 * The {@code config.json} that a model hub puts beside weights, or a part of it. A key that is
 * absent or null has the default of the program that wrote it.
 *
 * @param file for messages
 * @param part the key above with a dot behind it, or empty
 * @param values what it holds
 */
public record HubConfig(Path file, String part, JsonNode values) {

  /** Its name. */
  public static final String NAME = "config.json";

  private static final long MAX_BYTES = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param weights a file of weights, or the index of several
   * @return the config in the same folder, if there is one
   * @throws UserError if it is no JSON object, or too large
   */
  public static Optional<HubConfig> beside(Path weights) {
    Path file = weights.resolveSibling(NAME);
    return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
  }

  private static HubConfig read(Path file) {
    JsonNode values = json(file);
    if (!values.isObject()) {
      throw new UserError(file + " is not a JSON object");
    }
    return new HubConfig(file, "", values);
  }

  /**
   * @param file a config that others wrote
   * @return what it holds
   * @throws UserError if it is no JSON, or too large
   */
  public static JsonNode json(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new UserError(file + ": a config of more than " + MAX_BYTES + " bytes is not read");
      }
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new UserError(file + " is not valid JSON: " + Printable.of(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UserError("cannot read the config " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * @param key of an object
   * @return the object; an empty one if it is absent
   */
  public HubConfig part(String key) {
    JsonNode values = value(key);
    if (!values.isMissingNode() && !values.isObject()) {
      throw wrong(key, "an object");
    }
    return new HubConfig(file, part + key + ".", values);
  }

  /**
   * @param key any
   * @return whether it is there and not null
   */
  public boolean has(String key) {
    return values.hasNonNull(key);
  }

  /**
   * @param key of a count or size
   * @param otherwise where it is absent
   * @return the value
   * @throws UserError if it is no whole number from 0 on
   */
  public int number(String key, int otherwise) {
    JsonNode value = value(key);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw wrong(key, "a whole number from 0 on");
    }
    return value.intValue();
  }

  /**
   * @param key of a real number
   * @param otherwise where it is absent
   * @return the value
   * @throws UserError if it is no number
   */
  public double real(String key, double otherwise) {
    JsonNode value = value(key);
    if (!value.isMissingNode() && !value.isNumber()) {
      throw wrong(key, "a number");
    }
    return value.asDouble(otherwise);
  }

  /**
   * @param key of a text
   * @param otherwise where it is absent
   * @return the value
   * @throws UserError if it is no text
   */
  public String text(String key, String otherwise) {
    JsonNode value = value(key);
    if (!value.isMissingNode() && !value.isTextual()) {
      throw wrong(key, "a text");
    }
    return Printable.of(value.asText(otherwise));
  }

  /**
   * @param key of what the weights tell as well
   * @param otherwise where it is absent
   * @param weights what they tell
   * @throws UserError if the config tells another
   */
  public void requireNumber(String key, int otherwise, int weights) {
    require(key, number(key, otherwise), weights);
  }

  /**
   * @param key of what the weights tell as well
   * @param otherwise where it is absent
   * @param weights what they tell
   * @throws UserError if the config tells another
   */
  public void requireFlag(String key, boolean otherwise, boolean weights) {
    JsonNode value = value(key);
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw wrong(key, "true or false");
    }
    require(key, value.asBoolean(otherwise), weights);
  }

  private void require(String key, Object config, Object weights) {
    if (!config.equals(weights)) {
      throw contradiction(key, config, weights);
    }
  }

  /**
   * @param key of what the weights tell as well
   * @param config what this tells
   * @param weights what they tell
   * @return the error
   */
  public UserError contradiction(String key, Object config, Object weights) {
    return new UserError(
        "%s: %s%s is %s%s, but the weights beside it have %s. Put the weights' own config there."
            .formatted(file, part, key, config, has(key) ? "" : " by default", weights));
  }

  /**
   * @param key of a text
   * @param otherwise where it is absent
   * @param allowed the value that can be represented
   * @throws UserError if it is another
   */
  public void requireText(String key, String otherwise, String allowed) {
    String found = text(key, otherwise);
    if (!found.equals(allowed)) {
      throw new UserError(
          "%s: %s%s is '%s'; for these weights only '%s' can be read"
              .formatted(file, part, key, found, allowed));
    }
  }

  private JsonNode value(String key) {
    return values.hasNonNull(key) ? values.get(key) : MissingNode.getInstance();
  }

  private UserError wrong(String key, String needed) {
    return new UserError(
        "%s: %s%s is %s; needed: %s"
            .formatted(file, part, key, Printable.of(values.get(key).toString()), needed));
  }
}
