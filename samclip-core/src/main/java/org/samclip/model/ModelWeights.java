package org.samclip.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.clip.ClipConfig;

/**
 * A file of weights of any format that is read: the tensors under our names, and the model's sizes.
 * Opening reads names, shapes and configs, no values.
 */
public final class ModelWeights implements AutoCloseable {

  private static final String OWN = "samclip";
  private static final List<String> SAM_CONFIG = List.of("config.json");

  private final TensorSource tensors;
  private final String kind;
  private final String format;
  private final Record sizes;
  private final Optional<Provenance> provenance;

  private ModelWeights(
      TensorSource tensors,
      String kind,
      String format,
      Record sizes,
      Optional<Provenance> provenance) {
    this.tensors = tensors;
    this.kind = kind;
    this.format = format;
    this.sizes = sizes;
    this.provenance = provenance;
  }

  /**
   * @param path a file that samclip wrote, or official weights of a SAM or CLIP
   * @param files what is given beside official CLIP weights
   * @return the open file, to be closed by the caller
   * @throws UserError if it is missing, damaged, or of a model that cannot be represented
   */
  public static ModelWeights open(Path path, ClipFiles files) {
    TensorSource source = Checkpoints.open(path);
    try {
      Optional<Provenance> own = provenance(source);
      if (own.isPresent()) {
        Provenance provenance = own.get();
        Record sizes = Architecture.read(path, provenance);
        return new ModelWeights(source, provenance.kind(), OWN, sizes, own);
      }
      WeightFormat format = WeightFormat.of(source);
      TensorSource renamed = format.renamed(source);
      Record sizes = sizes(renamed, format, files);
      return new ModelWeights(renamed, format.kind(), format.label(), sizes, own);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** The kind alone, for which no config is needed. */
  static String kind(TensorSource source) {
    return provenance(source).map(Provenance::kind).orElseGet(() -> WeightFormat.of(source).kind());
  }

  private static Record sizes(TensorSource renamed, WeightFormat format, ClipFiles files) {
    try {
      return format.kind().equals(ModelFile.SAM)
          ? SamSizes.of(renamed, decoderHeads(renamed.path()))
          : ClipSizes.of(renamed, format, files.description(renamed.path()));
    } catch (UserError e) {
      String file = renamed.path().toString();
      throw e.getMessage().contains(file) ? e : new UserError(file + ": " + e.getMessage(), e);
    }
  }

  /** Hugging Face's config, which may also stand beside other formats. */
  private static OptionalInt decoderHeads(Path weights) {
    for (Path file : ClipFiles.beside(weights, SAM_CONFIG)) {
      var json = ConfigJson.read(file);
      if (json.path("model_type").asText().equals("sam")) {
        ConfigJson decoder =
            new ConfigJson(
                file.toString(), "mask_decoder_config", json.path("mask_decoder_config"));
        return OptionalInt.of(decoder.number("num_attention_heads", 8));
      }
    }
    return OptionalInt.empty();
  }

  private static Optional<Provenance> provenance(TensorSource source) {
    try {
      return Provenance.fromMetadata(source.metadata());
    } catch (UserError e) {
      throw new UserError(source.path() + ": " + e.getMessage(), e);
    }
  }

  /**
   * @return the tensors under our names
   */
  public TensorSource tensors() {
    return tensors;
  }

  /**
   * @return {@link ModelFile#SAMCLIP}, {@link ModelFile#SAM} or {@link ModelFile#CLIP}
   */
  public String kind() {
    return kind;
  }

  /**
   * @return the format's name for people, such as {@code samclip} or {@code segment-anything}
   */
  public String format() {
    return format;
  }

  /**
   * @return a {@link SamClipModel.Sizes}, {@link SamModel.Sizes} or {@link ClipConfig}, as the kind
   *     says
   */
  public Record sizes() {
    return sizes;
  }

  /**
   * @return what the file says of its origin; empty when samclip did not write it
   */
  public Optional<Provenance> provenance() {
    return provenance;
  }

  /** The sizes of a file that must hold this kind. */
  <T extends Record> T sizes(String needed, Class<T> type) {
    if (!kind.equals(needed)) {
      throw new UserError(tensors.path() + ": holds a " + kind + " model; needed: " + needed);
    }
    return type.cast(sizes);
  }

  @Override
  public void close() {
    tensors.close();
  }
}
