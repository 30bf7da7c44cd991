package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.ParameterList;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;

/**
 * Whole models: read from files that samclip wrote and from official weights, written to one
 * safetensors file each, with weights under the public names, and sizes, tokenizer and provenance
 * in the metadata.
 */
public final class ModelFile {

  /** Kind of a file that holds a merged model. */
  public static final String SAMCLIP = "samclip";

  /** Kind of a file that holds a SAM. */
  public static final String SAM = "sam";

  /** Kind of a file that holds a CLIP. */
  public static final String CLIP = "clip";

  /** Metadata key of the text tower's tokenizer, a Hugging Face {@code tokenizer.json}. */
  public static final String TOKENIZER = "samclip.tokenizer";

  private static final String TEXT = "text.";

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
   * @return its kind, {@link #SAMCLIP}, {@link #SAM} or {@link #CLIP}
   * @throws UserError if it is missing, damaged or of no known model
   */
  public static String kind(Path path) {
    return kind(path, WeightsOptions.NONE);
  }

  /**
   * @param path a file of weights
   * @param options what is said of the file
   * @return its kind, {@link #SAMCLIP}, {@link #SAM} or {@link #CLIP}
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
   * @param path a CLIP: a file that samclip wrote, or official weights
   * @param options what is said of the file
   * @return its sizes
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static ClipConfig clipConfig(Path path, WeightsOptions options) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      return weights.sizes(CLIP, ClipConfig.class);
    }
  }

  /**
   * @param path a SAM: a file that samclip wrote, or official weights
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamModel readSam(Path path, NDManager manager) {
    return readSam(path, WeightsOptions.NONE, manager);
  }

  /**
   * @param path a SAM: a file that samclip wrote, or official weights
   * @param options what is said of the file
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamModel readSam(Path path, WeightsOptions options, NDManager manager) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      weights.tellNotes();
      SamModel.Sizes sizes = weights.sizes(SAM, SamModel.Sizes.class);
      Sam sam = new Sam(sizes.encoder(), sizes.samHead());
      new ParameterLoader().check(sam.getParameters(), weights.tensors());
      sam.allocate(manager);
      new ParameterLoader().load(sam.getParameters(), weights.tensors());
      return new SamModel(sam, sizes, weights.provenance());
    }
  }

  /**
   * @param path a CLIP that samclip wrote, or official weights with what they need beside them
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static ClipModel readClip(Path path, NDManager manager) {
    return readClip(path, WeightsOptions.NONE, manager);
  }

  /**
   * @param path a CLIP: a file that samclip wrote, or official weights
   * @param options what is said of the file
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind, or has no tokenizer
   */
  public static ClipModel readClip(Path path, WeightsOptions options, NDManager manager) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      weights.tellNotes();
      ClipConfig config = weights.sizes(CLIP, ClipConfig.class);
      Clip clip = new Clip(config);
      new ParameterLoader().check(clip.getParameters(), weights.tensors());
      Tokenizer tokenizer =
          weights.provenance().isPresent()
              ? tokenizer(weights.tensors(), config)
              : options.tokenizer(path, config);
      clip.allocate(manager);
      new ParameterLoader().load(clip.getParameters(), weights.tensors());
      return new ClipModel(clip, tokenizer, weights.provenance());
    }
  }

  /**
   * @param path a file of kind samclip
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamClipModel readSamClip(Path path, NDManager manager) {
    return readSamClip(path, WeightsOptions.NONE, manager);
  }

  /**
   * @param path a file of kind samclip
   * @param options what is said of the file
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamClipModel readSamClip(Path path, WeightsOptions options, NDManager manager) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      weights.tellNotes();
      SamClipModel.Sizes sizes = weights.sizes(SAMCLIP, SamClipModel.Sizes.class);
      SamClip model = new SamClip(sizes.model());
      TextTower text = new TextTower(sizes.text());
      ParameterList parameters = parameters(model, text);
      new ParameterLoader().check(parameters, weights.tensors());
      Tokenizer tokenizer = tokenizer(weights.tensors(), sizes.text());
      model.allocate(manager);
      text.allocate(manager);
      new ParameterLoader().load(parameters, weights.tensors());
      return new SamClipModel(model, text, tokenizer, weights.provenance());
    }
  }

  /**
   * @param path to write
   * @param model the model; its provenance is written as it is
   * @param type F32, or F16 to halve the file
   */
  public static void write(Path path, SamModel model, TensorType type) {
    write(path, model.sam().arrays(), model.provenance().orElseThrow(), Map.of(), type);
  }

  /**
   * @param path to write
   * @param model the model; its provenance is written as it is
   * @param type F32, or F16 to halve the file
   */
  public static void write(Path path, ClipModel model, TensorType type) {
    Map<String, String> more = Map.of(TOKENIZER, model.tokenizer().json());
    write(path, model.clip().arrays(), model.provenance().orElseThrow(), more, type);
  }

  /**
   * @param path to write
   * @param model the model; its provenance is written as it is
   * @param type F32, or F16 to halve the file
   */
  public static void write(Path path, SamClipModel model, TensorType type) {
    Map<String, String> more = Map.of(TOKENIZER, model.tokenizer().json());
    Map<String, NDArray> arrays = withText(model.model(), model.text());
    write(path, arrays, model.provenance().orElseThrow(), more, type);
  }

  private static void write(
      Path path,
      Map<String, NDArray> arrays,
      Provenance provenance,
      Map<String, String> more,
      TensorType type) {
    new SafetensorsWriter()
        .optFloatType(type)
        .metadata(provenance.toMetadata())
        .metadata(more)
        .addAll(arrays)
        .write(path);
  }

  /** All parameters of a merged model under their names in the file. */
  static ParameterList parameters(SamClip model, TextTower text) {
    ParameterList parameters = model.getParameters();
    text.getParameters().forEach(p -> parameters.add(TEXT + p.getKey(), p.getValue()));
    return parameters;
  }

  private static Map<String, NDArray> withText(Module model, TextTower text) {
    Map<String, NDArray> arrays = new LinkedHashMap<>(model.arrays());
    text.arrays().forEach((name, array) -> arrays.put(TEXT + name, array));
    return arrays;
  }

  private static Tokenizer tokenizer(TensorSource source, ClipConfig config) {
    String json = source.metadata().get(TOKENIZER);
    if (json == null) {
      throw new UserError(source.path() + ": no " + TOKENIZER + " in the metadata");
    }
    try {
      return new Tokenizer(json, config.text().contextLength());
    } catch (UserError e) {
      throw new UserError(source.path() + ": " + TOKENIZER + ": " + e.getMessage(), e);
    }
  }
}
