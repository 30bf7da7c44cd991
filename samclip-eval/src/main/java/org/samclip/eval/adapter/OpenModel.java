package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFamilies;
import org.samclip.model.ModelFile;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.model.VisionModel;
import org.samclip.model.WeightsOptions;

/** A model file of any kind, open for use: what it can do depends on the kind. */
public final class OpenModel implements AutoCloseable {

  private final Path file;
  private final String kind;
  private final NDManager manager;
  private final VisionModel model;

  private OpenModel(Path file, WeightsOptions options, NDManager manager) {
    this.file = file;
    this.manager = manager;
    kind = ModelFile.kind(file, options);
    model = ModelFile.read(VisionModel.class, file, options, manager);
  }

  /**
   * Reads a model.
   *
   * @param file that samclip wrote, or official weights with what they need beside them
   * @param device where it shall compute
   * @return the model, to be closed by the caller
   * @throws UserError if the file is missing, damaged or of no known kind
   */
  public static OpenModel read(Path file, Device device) {
    return read(file, WeightsOptions.NONE, device);
  }

  /**
   * Reads a model.
   *
   * @param file that samclip wrote, or official weights
   * @param options what is said of the file
   * @param device where it shall compute
   * @return the model, to be closed by the caller
   * @throws UserError if the file is missing, damaged or of no known kind
   */
  public static OpenModel read(Path file, WeightsOptions options, Device device) {
    NDManager manager = LibTorch.newManager(device);
    try {
      return new OpenModel(file, options, manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * @return the file
   */
  public Path file() {
    return file;
  }

  /**
   * @return its kind, such as {@code samclip}, {@code sam} or {@code clip}
   */
  public String kind() {
    return kind;
  }

  /**
   * The part that reads images as a model of DJL, for predictors: the merged model, CLIP's image
   * tower, or SAM's image encoder. Translators do the rest.
   *
   * @return a model to be closed by the caller, before this one
   */
  public Model toDjl() {
    Model djl = Model.newInstance(kind, device(), LibTorch.engine().getEngineName());
    djl.setBlock(model.imageBlock());
    return djl;
  }

  /**
   * @return where it computes
   */
  public Device device() {
    return manager.getDevice();
  }

  /**
   * @return whether it compares images with texts
   */
  public boolean hasText() {
    return model.as(TextAlignedModel.class).isPresent();
  }

  /**
   * @return whether it draws masks of prompts
   */
  public boolean hasMasks() {
    return model.as(PromptableModel.class).isPresent();
  }

  /**
   * @param what needs it, for the message
   * @return the model that compares images with texts
   * @throws UserError if the model knows no texts
   */
  public ImageTextModel imageText(String what) {
    return new ImageTextAdapter(require(TextAlignedModel.class, what));
  }

  /**
   * @param what needs it, for the message
   * @return the model that draws masks of prompts
   * @throws UserError if the model draws none
   */
  public PromptedMaskModel masks(String what) {
    return new PromptedMaskAdapter(require(PromptableModel.class, what));
  }

  /**
   * @param what needs it, for the message
   * @return the model with both heads
   * @throws UserError if the model does not have both
   */
  public TwoHeadModel twoHeads(String what) {
    return new TwoHeadAdapter(require(TwoHeadedModel.class, what));
  }

  /**
   * @return the model, for what asks for no more
   */
  public VisionModel model() {
    return model;
  }

  /**
   * @param needed what the model has to be able to do
   * @param what needs it, for the message
   * @param <T> kind of the model
   * @return the model as that
   * @throws UserError if it cannot
   */
  public <T> T require(Class<T> needed, String what) {
    return model
        .as(needed)
        .orElseThrow(
            () ->
                new UserError(
                    "%s: %s holds a %s model; a %s model is needed"
                        .formatted(what, file, kind, ModelFamilies.kinds(needed))));
  }

  @Override
  public void close() {
    model.as(TextAlignedModel.class).ifPresent(aligned -> aligned.tokenizer().close());
    manager.close();
  }
}
