package org.samclip.train.teacher;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
import org.samclip.model.ModelFile;
import org.samclip.model.VisionModel;
import org.samclip.model.WeightsOptions;
import org.samclip.train.recipe.TeacherSpec;

/**
 * The teachers of a run; none of them changes.
 *
 * @param byName in the recipe's order
 */
public record Teachers(Map<String, Teacher> byName) {

  /** The models that samclip ships. */
  private static final List<String> EMBEDDED = List.of("tiny-sam", "tiny-clip", "tiny-dino");

  public Teachers {
    byName = Collections.unmodifiableMap(new LinkedHashMap<>(byName));
  }

  /**
   * @param specs by name
   * @param manager owns the parameters
   * @return the teachers
   * @throws UserError if a file is missing or holds no such model
   */
  public static Teachers load(Map<String, TeacherSpec> specs, NDManager manager) {
    return of(specs, (path, options) -> ModelFile.read(VisionModel.class, path, options, manager));
  }

  /**
   * The teachers without their weights: sizes, names and shapes are known, no array has memory.
   *
   * @param specs by name
   * @return the teachers
   * @throws UserError if a file is missing or holds no such model
   */
  public static Teachers sized(Map<String, TeacherSpec> specs) {
    return of(specs, (path, options) -> ModelFile.sized(VisionModel.class, path, options));
  }

  /**
   * @param specs by name
   * @return which of their files are not there, each as a message
   */
  public static List<String> missing(Map<String, TeacherSpec> specs) {
    List<String> missing = new ArrayList<>();
    specs.forEach(
        (name, spec) -> {
          boolean embedded = spec.weights().startsWith(TeacherSpec.EMBEDDED);
          if (!embedded && !Files.isRegularFile(Path.of(spec.weights()))) {
            missing.add("teachers." + name + ".weights: no file " + spec.weights());
          }
          if (spec.tokenizer() != null && !Files.isRegularFile(Path.of(spec.tokenizer()))) {
            missing.add("teachers." + name + ".tokenizer: no file " + spec.tokenizer());
          }
        });
    return missing;
  }

  private interface Reader {
    VisionModel read(Path path, WeightsOptions options);
  }

  private static Teachers of(Map<String, TeacherSpec> specs, Reader reader) {
    Map<String, Teacher> teachers = new LinkedHashMap<>();
    specs.forEach((name, spec) -> teachers.put(name, one(name, spec, reader)));
    return new Teachers(teachers);
  }

  private static Teacher one(String name, TeacherSpec spec, Reader reader) {
    String key = "teachers." + name;
    WeightsOptions options =
        WeightsOptions.of(spec.weightsKey(), spec.config(), tokenizer(key, spec));
    Function<Path, Teacher> read =
        path ->
            new Teacher(
                name, reader.read(path, options), ContentHash.ofCheckpoint(path), spec.licence());
    try {
      return spec.weights().startsWith(TeacherSpec.EMBEDDED)
          ? embedded(key, spec.weights().substring(TeacherSpec.EMBEDDED.length()), read)
          : read.apply(file(key + ".weights", spec.weights(), "a file, or embedded:NAME"));
    } catch (UserError e) {
      String own = e.getMessage();
      throw own.startsWith(key) ? e : new UserError(key + ".weights: " + own, e);
    }
  }

  private static Path tokenizer(String key, TeacherSpec spec) {
    return spec.tokenizer() == null
        ? null
        : file(
            key + ".tokenizer",
            spec.tokenizer(),
            "a tokenizer.json or bpe_simple_vocab_16e6.txt.gz");
  }

  private static Path file(String key, String name, String instead) {
    Path path = Path.of(name);
    if (!Files.isRegularFile(path)) {
      throw new UserError(key + ": no file " + path + "; give " + instead);
    }
    return path;
  }

  private static Teacher embedded(String key, String name, Function<Path, Teacher> read) {
    if (!EMBEDDED.contains(name)) {
      throw new UserError(
          key
              + ".weights is '"
              + TeacherSpec.EMBEDDED
              + name
              + "'; samclip ships "
              + String.join(", ", EMBEDDED)
              + "."
              + NearestName.hint(name, EMBEDDED));
    }
    try (InputStream in = Teachers.class.getResourceAsStream(name + ".safetensors")) {
      if (in == null) {
        throw new UserError(key + ": this build embeds no " + name + "; give a file of your own");
      }
      Path copy = Files.createTempFile("samclip-", ".safetensors");
      try {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        return read.apply(copy);
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(key + ": cannot unpack the embedded " + name, e);
    }
  }

  /**
   * @param name of a teacher
   * @return its model
   */
  public VisionModel model(String name) {
    return byName.get(name).model();
  }

  /**
   * @return the models by name
   */
  public Map<String, VisionModel> models() {
    Map<String, VisionModel> models = new LinkedHashMap<>();
    byName.forEach((name, teacher) -> models.put(name, teacher.model()));
    return models;
  }

  /**
   * @return SHA-256 of all files by name, for provenance
   */
  public Map<String, String> hashes() {
    Map<String, String> hashes = new LinkedHashMap<>();
    byName.forEach((name, teacher) -> hashes.put(name, teacher.hash()));
    return hashes;
  }

  /**
   * @return terms of all teachers by what they are for
   */
  public Map<String, String> licences() {
    Map<String, String> all = new TreeMap<>();
    byName.values().forEach(teacher -> all.putAll(teacher.licences()));
    return all;
  }
}
