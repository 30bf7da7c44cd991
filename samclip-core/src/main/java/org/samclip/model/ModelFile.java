package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.ParameterList;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
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
 * Whole models in one safetensors file each: weights under the public names, sizes, tokenizer and
 * provenance in the metadata.
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

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  private ModelFile() {}

  /**
   * @param sizes a record of sizes
   * @return as it stands in the metadata
   */
  public static String architecture(Record sizes) {
    try {
      return JSON.writeValueAsString(sizes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers is always JSON", e);
    }
  }

  /**
   * @param path a file
   * @return its kind, {@link #SAMCLIP}, {@link #SAM} or {@link #CLIP}
   * @throws UserError if samclip did not write it
   */
  public static String kind(Path path) {
    try (TensorSource source = Checkpoints.open(path)) {
      return provenance(source).kind();
    }
  }

  /**
   * Reads only the metadata.
   *
   * @param path a file of kind clip
   * @return its sizes
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static ClipConfig clipConfig(Path path) {
    try (TensorSource source = Checkpoints.open(path)) {
      return sizes(source, provenance(source, CLIP), ClipConfig.class);
    }
  }

  /**
   * @param path a file of kind sam
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamModel readSam(Path path, NDManager manager) {
    try (TensorSource source = Checkpoints.open(path)) {
      Provenance provenance = provenance(source, SAM);
      SamModel.Sizes sizes = sizes(source, provenance, SamModel.Sizes.class);
      Sam sam = new Sam(sizes.encoder(), sizes.samHead());
      new ParameterLoader().check(sam.getParameters(), source);
      sam.initialize(manager, 0);
      new ParameterLoader().load(sam.getParameters(), source);
      return new SamModel(sam, sizes, Optional.of(provenance));
    }
  }

  /**
   * @param path a file of kind clip
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static ClipModel readClip(Path path, NDManager manager) {
    try (TensorSource source = Checkpoints.open(path)) {
      Provenance provenance = provenance(source, CLIP);
      ClipConfig config = sizes(source, provenance, ClipConfig.class);
      Clip clip = new Clip(config);
      new ParameterLoader().check(clip.getParameters(), source);
      Tokenizer tokenizer = tokenizer(source, config);
      clip.initialize(manager, 0);
      new ParameterLoader().load(clip.getParameters(), source);
      return new ClipModel(clip, tokenizer, Optional.of(provenance));
    }
  }

  /**
   * @param path a file of kind samclip
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if it is missing, damaged or of another kind
   */
  public static SamClipModel readSamClip(Path path, NDManager manager) {
    try (TensorSource source = Checkpoints.open(path)) {
      Provenance provenance = provenance(source, SAMCLIP);
      SamClipModel.Sizes sizes = sizes(source, provenance, SamClipModel.Sizes.class);
      SamClip model = new SamClip(sizes.model());
      TextTower text = new TextTower(sizes.text());
      ParameterList parameters = model.getParameters();
      text.getParameters().forEach(p -> parameters.add(TEXT + p.getKey(), p.getValue()));
      new ParameterLoader().check(parameters, source);
      Tokenizer tokenizer = tokenizer(source, sizes.text());
      model.initialize(manager, 0);
      text.initialize(manager, 0);
      new ParameterLoader().load(parameters, source);
      return new SamClipModel(model, text, tokenizer, Optional.of(provenance));
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

  private static Provenance provenance(TensorSource source) {
    Optional<Provenance> provenance;
    try {
      provenance = Provenance.fromMetadata(source.metadata());
    } catch (UserError e) {
      throw new UserError(source.path() + ": " + e.getMessage(), e);
    }
    return provenance.orElseThrow(
        () ->
            new UserError(
                source.path()
                    + ": the metadata do not say what the weights are; use a file that samclip"
                    + " wrote"));
  }

  private static Provenance provenance(TensorSource source, String kind) {
    Provenance provenance = provenance(source);
    if (!provenance.kind().equals(kind)) {
      throw new UserError(
          source.path() + ": holds a " + provenance.kind() + " model; needed: " + kind);
    }
    return provenance;
  }

  private static <T> T sizes(TensorSource source, Provenance provenance, Class<T> type) {
    try {
      T sizes = JSON.readValue(provenance.architecture(), type);
      if (sizes == null) {
        throw new UserError(source.path() + ": samclip.architecture is null");
      }
      return sizes;
    } catch (JsonProcessingException e) {
      throw new UserError(
          source.path() + ": samclip.architecture is damaged: " + e.getOriginalMessage(), e);
    }
  }
}
