package org.samclip.train.recipe;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.samclip.TextFile;
import org.samclip.UserError;

/**
 * YAML that holds plain data and nothing else: no duplicate keys, no type tags, no anchors or
 * aliases (a small file could stand for a huge one), one document, limited size and depth.
 */
final class StrictYaml {

  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_DEPTH = 32;

  private static final YAMLFactory FACTORY =
      YAMLFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(64)
                  .maxStringLength(1 << 16)
                  .build())
          .build();
  private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private StrictYaml() {}

  /**
   * Reads a file.
   *
   * @throws UserError if it is missing, unreadable, too large or not strict YAML
   */
  static JsonNode read(Path file) {
    byte[] bytes;
    if (Files.isDirectory(file)) {
      throw new UserError(file + ": is a folder; a recipe is a YAML file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new UserError(
          file + ": no such file; relative paths start from " + Path.of("").toAbsolutePath(), e);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new UserError(file + ": larger than 1 MB, which no recipe is");
    }
    try {
      return parse(file.toString(), TextFile.decode(bytes));
    } catch (CharacterCodingException e) {
      throw new UserError(file + ": not UTF-8 text", e);
    }
  }

  /**
   * Reads a text.
   *
   * @param source names it in messages
   * @return the only document; null node if the text is empty
   */
  static JsonNode parse(String source, String text) {
    try {
      refuseReferences(source, text);
      try (YAMLParser parser = FACTORY.createParser(text)) {
        JsonNode tree = MAPPER.readTree(parser);
        if (tree != null && parser.nextToken() != null) {
          throw new UserError(source + ": holds more than one YAML document; allowed: one");
        }
        return tree == null ? NullNode.getInstance() : tree;
      }
    } catch (JsonProcessingException e) {
      JsonLocation place = e.getLocation();
      String where =
          place == null ? "" : " at line " + place.getLineNr() + ", column " + place.getColumnNr();
      throw new UserError(
          source + ": not valid YAML" + where + ": " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UserError(source + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void refuseReferences(String source, String text) throws IOException {
    try (YAMLParser parser = FACTORY.createParser(text)) {
      while (parser.nextToken() != null) {
        int line = parser.currentTokenLocation().getLineNr();
        if (parser.isCurrentAlias() || parser.getObjectId() != null) {
          throw new UserError(
              source
                  + ": line "
                  + line
                  + ": anchors and aliases (&name, *name) are not allowed;"
                  + " write the values out, or share them with 'base: FILE'. A text that begins"
                  + " with * or & needs quotes");
        }
        if (parser.getTypeId() != null) {
          throw new UserError(
              source
                  + ": line "
                  + line
                  + ": type tags (!name) are not allowed; remove '!"
                  + parser.getTypeId()
                  + "'");
        }
      }
    }
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("").strip();
  }
}
