package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.clip.DenseForm;
import org.samclip.clip.Tokenizer;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.SamClipModel;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;

/** A model file of any kind, open for use: what it can do depends on the kind. */
public final class OpenModel implements AutoCloseable {

  private final Path file;
  private final String kind;
  private final NDManager manager;
  private Tokenizer tokenizer;
  private ClipModel clip;
  private ImageTextModel imageText;
  private PromptedMaskModel masks;
  private TwoHeadModel twoHeads;
  private int patch;
  private Block block;

  private OpenModel(Path file, String kind, Device device) {
    this.file = file;
    this.kind = kind;
    this.manager = LibTorch.newManager(device);
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
    OpenModel open = new OpenModel(file, ModelFile.kind(file, options), device);
    try {
      open.read(options);
      return open;
    } catch (RuntimeException e) {
      open.close();
      throw e;
    }
  }

  private void read(WeightsOptions options) {
    switch (kind) {
      case ModelFile.SAMCLIP -> {
        SamClipModel model = ModelFile.readSamClip(file, options, manager);
        tokenizer = model.tokenizer();
        patch = model.model().config().encoder().patch();
        block = model.model();
        twoHeads = new SamClipAdapter(model);
        imageText = twoHeads;
        masks = twoHeads;
      }
      case ModelFile.CLIP -> {
        ClipModel model = ModelFile.readClip(file, options, manager);
        tokenizer = model.tokenizer();
        patch = model.clip().config().vision().patch();
        block = model.clip().visual();
        clip = model;
        imageText = new ClipAdapter(model, DenseForm.DEFAULT);
      }
      case ModelFile.SAM -> {
        SamModel model = ModelFile.readSam(file, options, manager);
        patch = model.sizes().encoder().patch();
        block = model.sam().imageEncoder();
        masks = new SamAdapter(model);
      }
      default ->
          throw new UserError(
              file + ": holds a \"" + kind + "\" model; allowed: samclip, sam, clip");
    }
  }

  /**
   * @return the file
   */
  public Path file() {
    return file;
  }

  /**
   * @return {@code samclip}, {@code sam} or {@code clip}
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
    djl.setBlock(block);
    return djl;
  }

  /**
   * @return where it computes
   */
  public Device device() {
    return manager.getDevice();
  }

  /**
   * @return side of a patch in pixels, of which the side of an input is a multiple
   */
  public int patch() {
    return patch;
  }

  /**
   * @return whether it compares images with texts
   */
  public boolean hasText() {
    return imageText != null;
  }

  /**
   * @return whether it draws masks of prompts
   */
  public boolean hasMasks() {
    return masks != null;
  }

  /**
   * @param what needs it, for the message
   * @return the model that compares images with texts
   * @throws UserError if the file holds a SAM
   */
  public ImageTextModel imageText(String what) {
    return require(imageText, what, "a samclip or clip");
  }

  /**
   * @param what needs it, for the message
   * @param dense how a patch gets its feature if the file holds a CLIP
   * @return the model that compares images with texts
   * @throws UserError if the file holds a SAM
   */
  public ImageTextModel imageText(String what, DenseForm dense) {
    return clip == null ? imageText(what) : new ClipAdapter(clip, dense);
  }

  /**
   * @param what needs it, for the message
   * @return the model that draws masks of prompts
   * @throws UserError if the file holds a CLIP
   */
  public PromptedMaskModel masks(String what) {
    return require(masks, what, "a samclip or sam");
  }

  /**
   * @param what needs it, for the message
   * @return the model with both heads
   * @throws UserError if the file holds a SAM or a CLIP
   */
  public TwoHeadModel twoHeads(String what) {
    return require(twoHeads, what, "a samclip");
  }

  private <T> T require(T model, String what, String needed) {
    if (model == null) {
      throw new UserError(
          what + ": " + file + " holds a " + kind + " model; " + needed + " model is needed");
    }
    return model;
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
    manager.close();
  }
}
