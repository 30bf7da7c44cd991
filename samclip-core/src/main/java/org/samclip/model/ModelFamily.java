package org.samclip.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samclip.checkpoint.TensorSource;
import org.samclip.text.TextSizes;

/**
 * A kind of model: how it is told, sized, built and read. Implementations are found by {@link
 * java.util.ServiceLoader}: a public class with a public constructor without parameters, named in
 * {@code META-INF/services/org.samclip.model.ModelFamily}. {@link ModelFile}, {@link Inspection},
 * {@link WeightDistance} and what is built on them then read its files.
 *
 * @param <S> a record of all sizes, which is the JSON {@code samclip.architecture} in the metadata
 *     of our own files. Its constructor refuses what no such model has: it sees untrusted numbers
 * @param <M> the model that can be used
 */
public interface ModelFamily<S extends Record, M extends VisionModel> {

  /**
   * @return the kind in the metadata of our own files: lower case, for example {@code sam}
   */
  String kind();

  /**
   * @return the class of the sizes
   */
  Class<S> sizesType();

  /**
   * @return the class of the models
   */
  Class<M> modelType();

  /**
   * @return classes of which its models may be, or what they may be able to do: by default what the
   *     class of the models says. Where it depends on the file, {@link VisionModel#as} decides
   */
  default Set<Class<?>> capabilities() {
    return Set.of(modelType());
  }

  /**
   * @return the public formats that it reads beside our own
   */
  default List<WeightFormat> formats() {
    return List.of();
  }

  /**
   * @return models near to it that are refused by name, unless another family reads them
   */
  default List<WeightFormat.Refusal> refusals() {
    return List.of();
  }

  /**
   * @return the class of its text towers' sizes, which the merged models' files name by this kind;
   *     empty if a merged model cannot keep its text side
   */
  default Optional<Class<? extends TextSizes>> textSizes() {
    return Optional.empty();
  }

  /**
   * The sizes of public weights. Reads no values.
   *
   * @param tensors of the file under our names
   * @param format one of {@link #formats()}
   * @param options what is said of the file, and what stands beside it
   * @return its sizes
   * @throws org.samclip.UserError if the model cannot be represented, or something about it is not
   *     known
   */
  default S sizes(TensorSource tensors, WeightFormat format, WeightsOptions options) {
    throw new UnsupportedOperationException(kind() + " has no public format");
  }

  /**
   * Builds a network without memory.
   *
   * @param sizes of it
   * @return its modules, and how they become a model
   */
  Network<M> build(S sizes);

  /**
   * @param tensor one of our names
   * @return the part of the model to which it belongs, for tables
   */
  default String part(String tensor) {
    return firstName(tensor);
  }

  /**
   * @param preset published sizes
   * @param own sizes of a file, if they are known
   * @return sizes of a model of this kind with that preset, or empty where the preset says nothing
   *     of it
   */
  default Optional<S> preset(Preset preset, Optional<S> own) {
    return Optional.empty();
  }

  /** What stands before the first dot. */
  static String firstName(String tensor) {
    int dot = tensor.indexOf('.');
    return dot < 0 ? tensor : tensor.substring(0, dot);
  }
}
