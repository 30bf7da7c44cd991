package org.samclip.siglip;

import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.checkpoint.BareNames;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.HuggingFaceSiglipNames;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.TensorSource;

/**
 * Official weights of a SigLIP as a model. Texts are given as token ids: what makes them of letters
 * stands in files of its own beside the weights.
 */
public final class SiglipFile {

  private SiglipFile() {}

  /**
   * @param path SigLIP or SigLIP 2 (fixed resolution) of Hugging Face with its config.json beside
   *     it: a safetensors file, a torch archive or an index
   * @param key which of several models in the file, as {@link BareNames} takes it
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if the file is missing, damaged or of another model, or the config is missing
   *     or of another model
   */
  public static Siglip read(Path path, Optional<String> key, NDManager manager) {
    try (TensorSource file = Checkpoints.open(path)) {
      return read(BareNames.of(file, Set.of(HuggingFaceSiglipNames.SIGN), key), manager);
    }
  }

  /**
   * @param source the same, open, under Hugging Face's names; the caller closes it
   * @param manager owns the parameters
   * @return the model
   * @throws UserError as above
   */
  public static Siglip read(TensorSource source, NDManager manager) {
    if (!isSiglip(source)) {
      throw new UserError(
          "%s: it has no tensor %s, so it is no SigLIP of Hugging Face (its names begin with %s)"
              .formatted(
                  source.path(), HuggingFaceSiglipNames.SIGN, Printable.list(source.names())));
    }
    TensorSource tensors = HuggingFaceSiglipNames.map().apply(source);
    Siglip model = new Siglip(config(tensors));
    new ParameterLoader().check(model.getParameters(), tensors);
    model.allocate(manager);
    new ParameterLoader().load(model.getParameters(), tensors);
    return model;
  }

  /**
   * @param source an open checkpoint
   * @return whether it is a SigLIP of Hugging Face
   */
  public static boolean isSiglip(TensorSource source) {
    return source.names().contains(HuggingFaceSiglipNames.SIGN);
  }

  /**
   * Reads no values.
   *
   * @param tensors a SigLIP under our names
   * @return its sizes
   * @throws UserError if it cannot be represented, or the config is missing or of another model
   */
  public static SiglipConfig config(TensorSource tensors) {
    try {
      return SiglipSizes.of(tensors);
    } catch (UserError e) {
      String said = e.getMessage();
      boolean named = said.contains(tensors.path().toString()) || said.contains(HubConfig.NAME);
      throw named ? e : new UserError(tensors.path() + ": " + said, e);
    }
  }
}
