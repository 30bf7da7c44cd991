package org.samclip.vit;

import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.BareNames;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.TensorSource;

/** Official weights of a plain ViT as a model. */
public final class VitFile {

  private VitFile() {}

  /**
   * @param path DINOv2 or DINOv3 of Hugging Face with its config.json beside it, DINOv2 of
   *     facebookresearch, or a ViT of timm: a safetensors file, a torch archive or an index
   * @param key which of several models in the file, as {@link BareNames} takes it
   * @param manager owns the parameters
   * @return the model
   * @throws UserError if the file is missing, damaged or of another model, or the config is missing
   *     or of another model
   */
  public static VitEncoder read(Path path, Optional<String> key, NDManager manager) {
    try (TensorSource file = Checkpoints.open(path)) {
      return read(BareNames.of(file, VitFormat.signs(), key), manager);
    }
  }

  /**
   * @param source the same, open, under the format's own names; the caller closes it
   * @param manager owns the parameters
   * @return the model
   * @throws UserError as above
   */
  public static VitEncoder read(TensorSource source, NDManager manager) {
    VitFormat format =
        VitFormat.of(source)
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: the tensors' names are not those of a plain ViT (they begin with %s); read are DINOv2 and DINOv3 of Hugging Face, DINOv2 of facebookresearch, and ViTs of timm"
                            .formatted(source.path(), Printable.list(source.names()))));
    TensorSource tensors = format.renamed(source);
    VitEncoder model = new VitEncoder(config(tensors, format));
    new ParameterLoader().check(model.getParameters(), tensors);
    model.allocate(manager);
    new ParameterLoader().load(model.getParameters(), tensors);
    return model;
  }

  /**
   * Reads no values.
   *
   * @param tensors a ViT under our names, as {@link VitFormat#renamed} gives them
   * @param format of the file
   * @return its sizes
   * @throws UserError if it cannot be represented, or the config is missing or of another model
   */
  public static VitConfig config(TensorSource tensors, VitFormat format) {
    try {
      return VitSizes.of(tensors, format);
    } catch (UserError e) {
      String said = e.getMessage();
      boolean named = said.contains(tensors.path().toString()) || said.contains(HubConfig.NAME);
      throw named ? e : new UserError(tensors.path() + ": " + e.getMessage(), e);
    }
  }
}
