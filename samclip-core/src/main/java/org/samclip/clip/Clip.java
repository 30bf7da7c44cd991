package org.samclip.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Module;

/** CLIP under the public names: {@code visual.*}, the text tower beside it, {@code logit_scale}. */
public final class Clip extends Module {

  /** Mean of red, green and blue in 0..1, which CLIP subtracts. */
  public static final double[] PIXEL_MEAN = {.48145466, .4578275, .40821073};

  /** Deviation of red, green and blue in 0..1, by which CLIP divides. */
  public static final double[] PIXEL_STD = {.26862954, .26130258, .27577711};

  /** The temperature at the start of training, ln(1 / 0.07). */
  private static final double INITIAL_LOGIT_SCALE = Math.log(1 / .07);

  private final ClipConfig config;
  private final Parameter logitScale;
  private final ImageTower visual;
  private final TextTower text;

  /**
   * @param config the sizes
   */
  public Clip(ClipConfig config) {
    this.config = config;
    logitScale = parameter("logit_scale", Init.constant(INITIAL_LOGIT_SCALE));
    visual = child("visual", new ImageTower(config));
    text = child(TEXT, new TextTower(config.textSide()));
  }

  private static final String TEXT = "text";

  /** The text tower's names carry no prefix in the public checkpoints. */
  @Override
  public ParameterList getParameters() {
    ParameterList names = new ParameterList();
    for (Pair<String, Parameter> pair : super.getParameters()) {
      String name = pair.getKey();
      boolean ofText = name.startsWith(TEXT + ".");
      names.add(ofText ? name.substring(TEXT.length() + 1) : name, pair.getValue());
    }
    return names;
  }

  /**
   * @return the sizes
   */
  public ClipConfig config() {
    return config;
  }

  /**
   * @return the image tower
   */
  public ImageTower visual() {
    return visual;
  }

  /**
   * @return the text tower
   */
  public TextTower text() {
    return text;
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return [B, E], unit length
   */
  public NDArray embedImages(NDArray images) {
    return Kernels.normalize(visual.forward(images));
  }

  /**
   * @param ids [B, T], int64
   * @return [B, E], unit length
   */
  public NDArray embedTexts(NDArray ids) {
    return Kernels.normalize(text.forward(ids));
  }

  /**
   * @param imageFeatures [B, E], unit length
   * @param textFeatures [N, E], unit length
   * @return logits per image [B, N]: cosines times exp(logit_scale)
   */
  public NDArray logits(NDArray imageFeatures, NDArray textFeatures) {
    NDArray scale = logitScale.getArray().exp();
    scale.attach(imageFeatures.getManager());
    return imageFeatures.matMul(textFeatures.transpose()).mul(scale);
  }

  /** Inputs: images and token ids. Output: logits per image. */
  @Override
  protected NDList forward(NDList inputs) {
    return new NDList(logits(embedImages(inputs.get(0)), embedTexts(inputs.get(1))));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), inputShapes[1].get(0))};
  }
}
