package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorType;

/**
 * Whole models: read from files that samclip wrote and from official weights, written to one
 * safetensors file each, with weights under the public names, and sizes, tokenizer and provenance
 * in the metadata.
 */
public final class ModelFile {

  /** Metadata key of the text tower's tokenizer, a Hugging Face {@code tokenizer.json}. */
  public static final String TOKENIZER = "samclip.tokenizer";

  private ModelFile() {}

  /**
   * @param sizes a record of sizes
   * @return as it stands in the metadata
   */
  public static String architecture(Record sizes) {
    return Architecture.write(sizes);
  }

  /**
   * @param path a file of weights
   * @return its kind, such as {@link SamModel#KIND}
   * @throws UserError if it is missing, damaged or of no known model
   */
  public static String kind(Path path) {
    return kind(path, WeightsOptions.NONE);
  }

  /**
   * @param path a file of weights
   * @param options what is said of the file
   * @return its kind, such as {@link SamModel#KIND}
   * @throws UserError if it is missing, damaged or of no known model
   */
  public static String kind(Path path, WeightsOptions options) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      return weights.kind();
    }
  }

  /**
   * Reads no values.
   *
   * @param type of sizes, such as {@link org.samclip.clip.ClipConfig}
   * @param path a file that samclip wrote, or public weights
   * @param options what is said of the file
   * @param <S> the same
   * @return its sizes
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static <S extends Record> S sizes(Class<S> type, Path path, WeightsOptions options) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      return weights.sizes(type);
    }
  }

  /**
   * @param type what the model must be or be able to do: {@link SamModel}, {@link
   *     TextAlignedModel}, for any model {@link VisionModel}
   * @param path a file that samclip wrote, or public weights
   * @param manager owns the parameters
   * @param <M> the same
   * @return the model
   * @throws UserError if it is missing, damaged or of a kind that is not of the type, or lacks what
   *     belongs to it, such as a tokenizer
   */
  public static <M> M read(Class<M> type, Path path, NDManager manager) {
    return read(type, path, WeightsOptions.NONE, manager);
  }

  /**
   * @param type what the model must be or be able to do: {@link SamModel}, {@link
   *     TextAlignedModel}, for any model {@link VisionModel}
   * @param path a file that samclip wrote, or public weights with what they need beside them
   * @param options what is said of the file
   * @param manager owns the parameters
   * @param <M> the same
   * @return the model
   * @throws UserError if it is missing, damaged or of a kind that is not of the type, or lacks what
   *     belongs to it, such as a tokenizer
   */
  public static <M> M read(Class<M> type, Path path, WeightsOptions options, NDManager manager) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      return weights.read(type, manager);
    }
  }

  /**
   * A model of which everything is known but its values: no parameter has memory, and no value is
   * read.
   *
   * @param type what the model must be or be able to do
   * @param path a file that samclip wrote, or public weights with what they need beside them
   * @param options what is said of the file
   * @param <M> the same
   * @return the model
   * @throws UserError as {@link #read}
   */
  public static <M> M sized(Class<M> type, Path path, WeightsOptions options) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      return weights.sized(type);
    }
  }

  /**
   * @param path to write
   * @param model the model; its provenance is written as it is
   * @param type F32, or F16 to halve the file
   */
  public static void write(Path path, VisionModel model, TensorType type) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    model
        .modules()
        .forEach(
            (prefix, module) ->
                module.arrays().forEach((name, array) -> arrays.put(prefix + name, array)));
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .optFloatType(type)
            .metadata(model.provenance().orElseThrow().toMetadata());
    model
        .as(TextAlignedModel.class)
        .ifPresent(aligned -> writer.metadata(Map.of(TOKENIZER, aligned.tokenizer().json())));
    writer.addAll(arrays).write(path);
  }
}
