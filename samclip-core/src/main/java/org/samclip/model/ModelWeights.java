package org.samclip.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.samclip.UserError;
import org.samclip.checkpoint.BareNames;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.clip.ClipConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of weights of any format that is read: the tensors under our names, and the model's sizes.
 * Opening reads names and shapes, no values.
 */
public final class ModelWeights implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ModelWeights.class);

  private static final String OWN = "samclip";
  private static final List<String> SAM_CONFIG = List.of("config.json");

  private final TensorSource tensors;
  private final Optional<Provenance> provenance;
  private final WeightFormat official;
  private final WeightsOptions options;

  private ModelWeights(
      TensorSource tensors,
      Optional<Provenance> provenance,
      WeightFormat official,
      WeightsOptions options) {
    this.tensors = tensors;
    this.provenance = provenance;
    this.official = official;
    this.options = options;
  }

  /**
   * @param path a file that samclip wrote, or official weights of a SAM or CLIP
   * @param options what is said of it
   * @return the open file, to be closed by the caller
   * @throws UserError if it is missing, damaged, or of a model that cannot be represented
   */
  public static ModelWeights open(Path path, WeightsOptions options) {
    TensorSource file = Checkpoints.open(path);
    try {
      TensorSource source = BareNames.of(file, WeightFormat.signs(), options.key());
      Optional<Provenance> own = provenance(source);
      if (own.isPresent()) {
        return new ModelWeights(source, own, null, options);
      }
      WeightFormat format = WeightFormat.of(source);
      return new ModelWeights(format.renamed(source), own, format, options);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Hugging Face's config, which may also stand beside other formats. */
  private static OptionalInt decoderHeads(Path weights) {
    for (Path file : WeightsOptions.beside(weights, SAM_CONFIG)) {
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
    return provenance.map(Provenance::kind).orElseGet(() -> official.kind());
  }

  /**
   * @return the format's name for people, such as {@code samclip} or {@code segment-anything}
   */
  public String format() {
    return official == null ? OWN : official.label();
  }

  /**
   * Finds the sizes: in the metadata of our own files, else from shapes and configs.
   *
   * @return a {@link SamClipModel.Sizes}, {@link SamModel.Sizes} or {@link ClipConfig}, as the kind
   *     says
   * @throws UserError if the model cannot be represented, or something about it is not known
   */
  public Record sizes() {
    if (official == null) {
      return Architecture.read(tensors.path(), provenance.orElseThrow());
    }
    try {
      return official.kind().equals(ModelFile.SAM)
          ? SamSizes.of(tensors, decoderHeads(tensors.path()))
          : ClipSizes.of(tensors, official, options.description(tensors.path()));
    } catch (UserError e) {
      String file = tensors.path().toString();
      throw e.getMessage().contains(file) ? e : new UserError(file + ": " + e.getMessage(), e);
    }
  }

  /** The sizes of a file that must hold this kind. */
  <T extends Record> T sizes(String needed, Class<T> type) {
    if (!kind().equals(needed)) {
      throw new UserError(tensors.path() + ": holds a " + kind() + " model; needed: " + needed);
    }
    return type.cast(sizes());
  }

  /** Puts into the log what names were changed and what was left out. */
  void tellNotes() {
    tensors.notes().forEach(note -> LOG.info("{}: {}", tensors.path(), note));
    Map<String, String> unread = tensors.unread();
    if (!unread.isEmpty()) {
      List<String> names =
          unread.entrySet().stream().map(e -> e.getKey() + " (" + e.getValue() + ")").toList();
      LOG.info("{}: not read: {}", tensors.path(), Printable.list(names));
    }
  }

  /**
   * @return what the file says of its origin; empty when samclip did not write it
   */
  public Optional<Provenance> provenance() {
    return provenance;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
