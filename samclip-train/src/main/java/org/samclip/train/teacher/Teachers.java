package org.samclip.train.teacher;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.function.Function;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
import org.samclip.clip.ClipConfig;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;
import org.samclip.train.recipe.TeachersSpec;

/**
 * The two teachers of a run; neither changes.
 *
 * @param sam gives the backbone, the SAM head and the masks
 * @param clip gives the image embeddings, and its text tower stays
 * @param hashes SHA-256 of both checkpoints, for provenance
 */
public record Teachers(SamModel sam, ClipModel clip, Map<String, String> hashes) {

  private static final String SAM = "tiny-sam.safetensors";
  private static final String CLIP = "tiny-clip.safetensors";

  private record Loaded<T>(T model, String hash) {}

  /**
   * @param spec which files
   * @param manager owns the parameters
   * @return the teachers
   * @throws UserError if a file is missing or does not hold such a model
   */
  public static Teachers load(TeachersSpec spec, NDManager manager) {
    WeightsOptions ofSam = WeightsOptions.of(spec.sam().weightsKey(), null, null);
    Loaded<SamModel> sam =
        load(
            "teachers.sam.weights",
            spec.sam().weights(),
            SAM,
            p -> ModelFile.read(SamModel.class, p, ofSam, manager));
    WeightsOptions ofClip = clipOptions(spec.clip());
    Loaded<ClipModel> clip =
        load(
            "teachers.clip.weights",
            spec.clip().weights(),
            CLIP,
            p -> ModelFile.read(ClipModel.class, p, ofClip, manager));
    return new Teachers(sam.model, clip.model, Map.of("sam", sam.hash, "clip", clip.hash));
  }

  /**
   * Reads the CLIP teacher's sizes without its weights.
   *
   * @param spec which files
   * @return its sizes
   * @throws UserError if the file is missing or does not hold such a model
   */
  public static ClipConfig clipConfig(TeachersSpec spec) {
    WeightsOptions options = clipOptions(spec.clip());
    return load(
            "teachers.clip.weights",
            spec.clip().weights(),
            CLIP,
            p -> ModelFile.sizes(ClipConfig.class, p, options))
        .model;
  }

  private static WeightsOptions clipOptions(TeachersSpec.ClipTeacherSpec spec) {
    Path tokenizer = spec.tokenizer() == null ? null : Path.of(spec.tokenizer());
    if (tokenizer != null && !Files.isRegularFile(tokenizer)) {
      throw new UserError(
          "teachers.clip.tokenizer: no file "
              + tokenizer
              + "; give a tokenizer.json or bpe_simple_vocab_16e6.txt.gz");
    }
    return WeightsOptions.of(spec.weightsKey(), spec.config(), tokenizer);
  }

  private static <T> Loaded<T> load(
      String key, String weights, String embedded, Function<Path, T> reader) {
    if (!weights.equals(TeachersSpec.EMBEDDED)) {
      Path path = Path.of(weights);
      if (!Files.isRegularFile(path)) {
        throw new UserError(key + ": no file " + path + "; give a file, or 'embedded'");
      }
      try {
        return new Loaded<>(reader.apply(path), ContentHash.ofCheckpoint(path));
      } catch (UserError e) {
        throw new UserError(key + ": " + e.getMessage(), e);
      }
    }
    try (InputStream in = Teachers.class.getResourceAsStream(embedded)) {
      if (in == null) {
        throw new UserError(
            key + ": this build of samclip embeds no " + embedded + "; give a file of your own");
      }
      Path copy = Files.createTempFile("samclip-", ".safetensors");
      try {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        return new Loaded<>(reader.apply(copy), ContentHash.sha256(copy));
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(key + ": cannot unpack the embedded " + embedded, e);
    }
  }
}
