package org.samclip.model;

import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.samclip.UserError;
import org.samclip.checkpoint.BareNames;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.text.TextSizes;
import org.samclip.text.TextTokenizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of weights of any format that is read: the tensors under our names, and the model's sizes.
 * Opening reads names and shapes, no values.
 */
public final class ModelWeights implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ModelWeights.class);

  private static final String OWN = "samclip";

  private final TensorSource tensors;
  private final Optional<Provenance> provenance;
  private final String kind;
  private final Optional<ModelFamily<?, ?>> family;
  private final WeightFormat official;
  private final WeightsOptions options;

  private ModelWeights(
      TensorSource tensors,
      Optional<Provenance> provenance,
      String kind,
      WeightFormat official,
      WeightsOptions options) {
    this.tensors = tensors;
    this.provenance = provenance;
    this.kind = kind;
    this.family = ModelFamilies.installed().of(kind);
    this.official = official;
    this.options = options;
  }

  /**
   * @param path a file that samclip wrote, or public weights of a model that is read
   * @param options what is said of it
   * @return the open file, to be closed by the caller
   * @throws UserError if it is missing, damaged, or of a model that cannot be represented
   */
  public static ModelWeights open(Path path, WeightsOptions options) {
    TensorSource file = Checkpoints.open(path);
    try {
      ModelFamilies families = ModelFamilies.installed();
      TensorSource source = BareNames.of(file, families.signs(), options.key());
      Optional<Provenance> own = provenance(source);
      if (own.isPresent()) {
        return new ModelWeights(source, own, own.get().kind(), null, options);
      }
      ModelFamilies.Match match = families.match(source);
      WeightFormat format = match.format();
      return new ModelWeights(format.renamed(source), own, match.family().kind(), format, options);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
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
   * @return the kind of model, of which a file of ours may have one that is not known here
   */
  public String kind() {
    return kind;
  }

  /** Empty for a kind that is not known. */
  Optional<ModelFamily<?, ?>> family() {
    return family;
  }

  private ModelFamily<?, ?> knownFamily() {
    return family.orElseThrow(
        () ->
            new UserError(
                "%s: holds a \"%s\" model; allowed: %s"
                    .formatted(
                        tensors.path(),
                        Printable.of(kind),
                        String.join(", ", ModelFamilies.installed().kinds()))));
  }

  /**
   * @param tensor one of our names
   * @return the part of the model to which it belongs
   */
  String part(String tensor) {
    return family.map(f -> f.part(tensor)).orElseGet(() -> ModelFamily.firstName(tensor));
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
   * @return a record of the kind's {@link ModelFamily#sizesType()}
   * @throws UserError if the model cannot be represented, or something about it is not known
   */
  public Record sizes() {
    return sizes(knownFamily());
  }

  private <S extends Record> S sizes(ModelFamily<S, ?> family) {
    if (official == null) {
      return Architecture.read(
          tensors.path(), provenance.orElseThrow().architecture(), family.sizesType());
    }
    try {
      return family.sizes(tensors, official, options);
    } catch (UserError e) {
      String file = tensors.path().toString();
      throw e.getMessage().contains(file) ? e : new UserError(file + ": " + e.getMessage(), e);
    }
  }

  /** The sizes of a file that must have these. */
  <S extends Record> S sizes(Class<S> needed) {
    return needed.cast(sizes(familyOf(needed, f -> Set.of(f.sizesType()))));
  }

  /**
   * The model, once its parameters' names and shapes are those of the file.
   *
   * @param needed what it must be or be able to do
   * @param manager owns the parameters
   */
  <M> M read(Class<M> needed, NDManager manager) {
    return read(needed, familyOf(needed, ModelFamily::capabilities), manager);
  }

  private <N, S extends Record, M extends VisionModel> N read(
      Class<N> needed, ModelFamily<S, M> family, NDManager manager) {
    tellNotes();
    Network<M> network = family.build(sizes(family));
    N able = opened(needed, network);
    network.allocate(manager);
    new ParameterLoader().load(network.parameters(), tensors);
    return able;
  }

  /**
   * The model without memory, once its parameters' names and shapes are those of the file.
   *
   * @param needed what it must be or be able to do
   */
  <M> M sized(Class<M> needed) {
    return sized(needed, familyOf(needed, ModelFamily::capabilities));
  }

  private <N, S extends Record, M extends VisionModel> N sized(
      Class<N> needed, ModelFamily<S, M> family) {
    return opened(needed, family.build(sizes(family)));
  }

  private <N, M extends VisionModel> N opened(Class<N> needed, Network<M> network) {
    new ParameterLoader().check(network.parameters(), tensors);
    M model = network.open().apply(this);
    return model.as(needed).orElseThrow(() -> lacks(model, needed));
  }

  private UserError lacks(VisionModel model, Class<?> needed) {
    return new UserError(
        "%s: holds a %s model without %s"
            .formatted(tensors.path(), kind, model.lacking(needed).orElse(needed.getSimpleName())));
  }

  private ModelFamily<?, ?> familyOf(
      Class<?> needed, Function<ModelFamily<?, ?>, Set<Class<?>>> types) {
    ModelFamily<?, ?> known = knownFamily();
    if (types.apply(known).stream().noneMatch(needed::isAssignableFrom)) {
      throw new UserError(
          "%s: holds a %s model; needed: %s"
              .formatted(tensors.path(), kind, ModelFamilies.installed().kinds(needed, types)));
    }
    return known;
  }

  /**
   * The tokenizer of a text side: in the metadata of our own files, else beside the weights.
   *
   * @param text sizes of the text tower, which the tokenizer has to fit
   * @return the tokenizer, to be closed by the caller
   * @throws UserError if there is none, or it does not fit
   */
  public TextTokenizer tokenizer(TextSizes text) {
    if (official != null) {
      return options.tokenizer(tensors.path(), text);
    }
    String json = tensors.metadata().get(ModelFile.TOKENIZER);
    if (json == null) {
      throw new UserError(tensors.path() + ": no " + ModelFile.TOKENIZER + " in the metadata");
    }
    try {
      return text.tokenizer(json);
    } catch (UserError e) {
      throw new UserError(tensors.path() + ": " + ModelFile.TOKENIZER + ": " + e.getMessage(), e);
    }
  }

  /** Puts into the log what names were changed and what was left out. */
  private void tellNotes() {
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
