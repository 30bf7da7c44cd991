package org.samclip.siglip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Module;
import org.samclip.vit.VitEncoder;

/**
 * SigLIP: {@code visual.*}, {@code text.*}, and what makes logits of cosines (arXiv 2303.15343).
 */
public final class Siglip extends Module {

  /** Mean of red, green and blue in 0..1, which SigLIP subtracts. */
  public static final double[] PIXEL_MEAN = {.5, .5, .5};

  /** Deviation of red, green and blue in 0..1, by which SigLIP divides. */
  public static final double[] PIXEL_STD = {.5, .5, .5};

  /** The temperature at the start of training, ln(10). */
  private static final double INITIAL_SCALE = Math.log(10);

  /** The bias at the start of training. */
  private static final double INITIAL_BIAS = -10;

  private final SiglipConfig config;
  private final Parameter logitScale;
  private final Parameter logitBias;
  private final VitEncoder visual;
  private final TextTower text;

  /**
   * @param config the sizes
   */
  public Siglip(SiglipConfig config) {
    this.config = config;
    logitScale = parameter("logit_scale", Init.constant(INITIAL_SCALE), 1);
    logitBias = parameter("logit_bias", Init.constant(INITIAL_BIAS), 1);
    visual = child("visual", new VitEncoder(config.vision()));
    text = child("text", new TextTower(config.text()));
  }

  /**
   * @return the sizes
   */
  public SiglipConfig config() {
    return config;
  }

  /**
   * @return the image tower; its summary is in the shared space, not normalised
   */
  public VitEncoder visual() {
    return visual;
  }

  /**
   * @return the text tower
   */
  public TextTower text() {
    return text;
  }

  /**
   * @return what cosines are multiplied by
   */
  public double logitScale() {
    return Math.exp(logitScale.getArray().getFloat(0));
  }

  /**
   * @return what is added to scaled cosines
   */
  public double logitBias() {
    return logitBias.getArray().getFloat(0);
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
   * @return logits [B, N], of which the sigmoid says whether image and text belong together
   */
  public NDArray logits(NDArray imageFeatures, NDArray textFeatures) {
    NDArray scale = logitScale.getArray().exp();
    scale.attach(imageFeatures.getManager());
    return imageFeatures.matMul(textFeatures.transpose()).mul(scale).add(logitBias.getArray());
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
