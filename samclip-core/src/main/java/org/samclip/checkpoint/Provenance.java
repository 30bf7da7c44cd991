package org.samclip.checkpoint;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.samclip.UserError;

/**
 * Where weights come from. It travels inside the checkpoint as metadata, in keys that begin with
 * {@code samclip.}. What is not known is an empty string or map.
 *
 * @param version of samclip that wrote the file
 * @param kind of model, such as {@code samclip}, {@code sam} or {@code clip}
 * @param architecture the model's configuration, as JSON
 * @param recipeHash SHA-256 of the resolved recipe
 * @param teacherHashes SHA-256 of each teacher's weights, by the teacher's name
 * @param dataHash SHA-256 of the manifest of training data
 * @param licences licence or terms of what went in, by its name
 */
public record Provenance(
    String version,
    String kind,
    String architecture,
    String recipeHash,
    Map<String, String> teacherHashes,
    String dataHash,
    Map<String, String> licences) {

  private static final String VERSION = "samclip.version";
  private static final String KIND = "samclip.kind";
  private static final String ARCHITECTURE = "samclip.architecture";
  private static final String RECIPE = "samclip.recipe.sha256";
  private static final String DATA = "samclip.data.sha256";
  private static final String TEACHER = "samclip.teacher.sha256.";
  private static final String LICENCE = "samclip.licence.";
  private static final Pattern HASH = Pattern.compile("([0-9a-f]{64})?");

  /**
   * @throws IllegalArgumentException if version or kind is empty, or a hash is not 64 lower-case
   *     hexadecimal digits
   */
  public Provenance {
    if (version.isEmpty() || kind.isEmpty()) {
      throw new IllegalArgumentException("version and kind are needed");
    }
    Objects.requireNonNull(architecture);
    checkHash(RECIPE, recipeHash);
    checkHash(DATA, dataHash);
    teacherHashes = Map.copyOf(teacherHashes);
    teacherHashes.forEach((name, hash) -> checkHash(TEACHER + name, hash));
    licences = Map.copyOf(licences);
  }

  /**
   * The origin of weights that are written again, perhaps in part.
   *
   * @param version of samclip that writes them
   * @param kind of model that they make now
   * @param architecture of that model
   * @param more licences, which stand over those of the same names
   * @return this with those
   */
  public Provenance rewritten(
      String version, String kind, String architecture, Map<String, String> more) {
    Map<String, String> all = new TreeMap<>(licences);
    all.putAll(more);
    return new Provenance(version, kind, architecture, recipeHash, teacherHashes, dataHash, all);
  }

  /**
   * @return entries for {@link SafetensorsWriter#metadata}; what is not known is left out
   */
  public Map<String, String> toMetadata() {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put(VERSION, version);
    metadata.put(KIND, kind);
    metadata.put(ARCHITECTURE, architecture);
    metadata.put(RECIPE, recipeHash);
    metadata.put(DATA, dataHash);
    teacherHashes.forEach((name, hash) -> metadata.put(TEACHER + name, hash));
    licences.forEach((name, licence) -> metadata.put(LICENCE + name, licence));
    metadata.values().removeIf(String::isEmpty);
    return metadata;
  }

  /**
   * @param metadata of a checkpoint
   * @return what it says of its origin; empty when samclip did not write it
   * @throws UserError if an entry is damaged
   */
  public static Optional<Provenance> fromMetadata(Map<String, String> metadata) {
    if (!metadata.containsKey(VERSION) || !metadata.containsKey(KIND)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Provenance(
              metadata.get(VERSION),
              metadata.get(KIND),
              metadata.getOrDefault(ARCHITECTURE, ""),
              metadata.getOrDefault(RECIPE, ""),
              below(TEACHER, metadata),
              metadata.getOrDefault(DATA, ""),
              below(LICENCE, metadata)));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "the checkpoint's metadata are damaged: " + e.getMessage() + "; fetch the file again", e);
    }
  }

  private static Map<String, String> below(String prefix, Map<String, String> metadata) {
    Map<String, String> entries = new TreeMap<>();
    metadata.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            entries.put(key.substring(prefix.length()), value);
          }
        });
    return entries;
  }

  private static void checkHash(String what, String hash) {
    if (!HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          what + " is not 64 hexadecimal digits: " + Printable.of(hash));
    }
  }
}
