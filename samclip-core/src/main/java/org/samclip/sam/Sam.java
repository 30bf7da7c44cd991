package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.nn.Module;
import org.samclip.vitdet.ImageEncoder;
import org.samclip.vitdet.ViTDetConfig;

/** Segment Anything: image encoder, prompt encoder, mask decoder, under the public names. */
public final class Sam extends Module {

  /** Mean of red, green and blue in 0..255, which SAM subtracts. */
  public static final float[] PIXEL_MEAN = {123.675f, 116.28f, 103.53f};

  /** Deviation of red, green and blue in 0..255, by which SAM divides. */
  public static final float[] PIXEL_STD = {58.395f, 57.12f, 57.375f};

  private final ImageEncoder imageEncoder;
  private final SamHead head;

  /**
   * @param encoder sizes of the image encoder
   * @param headConfig sizes of the head; its width is the encoder's neck
   */
  public Sam(ViTDetConfig encoder, SamHeadConfig headConfig) {
    imageEncoder = child("image_encoder", new ImageEncoder(encoder));
    PromptEncoder prompts = child("prompt_encoder", new PromptEncoder(headConfig));
    MaskDecoder decoder = child("mask_decoder", new MaskDecoder(headConfig));
    head = new SamHead(prompts, decoder, encoder.patch());
  }

  /**
   * @return the backbone and neck
   */
  public ImageEncoder imageEncoder() {
    return imageEncoder;
  }

  /**
   * @return prompt encoder and mask decoder together
   */
  public SamHead head() {
    return head;
  }

  /**
   * Normalises and pads with zeros at the bottom and right (segment-anything, sam.py {@code
   * preprocess}).
   *
   * @param image [3, h, w], 0..255, its longer side at most the padded side
   * @return [3, S, S], S = {@link ViTDetConfig#imageSide}
   */
  public NDArray preprocess(NDArray image) {
    NDManager m = image.getManager();
    NDArray mean = m.create(PIXEL_MEAN, new Shape(3, 1, 1));
    NDArray std = m.create(PIXEL_STD, new Shape(3, 1, 1));
    Shape s = image.getShape();
    long side = imageEncoder.config().imageSide();
    NDArray x = image.sub(mean).div(std);
    x = x.concat(m.zeros(new Shape(3, side - s.get(1), s.get(2))), 1);
    return x.concat(m.zeros(new Shape(3, side, side - s.get(2))), 2);
  }

  /**
   * Mask logits at the image's own size (segment-anything, sam.py {@code postprocess_masks}): to
   * the padded square, padding cut, to the original size.
   *
   * @param logits [N, M, 4 h, 4 w]
   * @param square side of the padded image in pixels
   * @param inputHeight rows of the resized image before padding
   * @param inputWidth columns of the resized image before padding
   * @param height rows of the original image
   * @param width columns of the original image
   * @return [N, M, height, width]
   */
  public static NDArray postprocess(
      NDArray logits, long square, long inputHeight, long inputWidth, long height, long width) {
    NDArray x = Kernels.resize(logits, square, square, Resize.BILINEAR);
    x = x.get(":, :, :" + inputHeight + ", :" + inputWidth);
    return Kernels.resize(x, height, width, Resize.BILINEAR);
  }

  /** Inputs: images, points, labels. Outputs: logits and IoU of all output tokens. */
  @Override
  protected NDList forward(NDList inputs) {
    NDArray embedding = imageEncoder.forward(inputs.get(0));
    Masks masks =
        head.masks(
            embedding, Prompts.points(inputs.get(1), inputs.get(2)), Prompts.CornerLabels.EMBEDDED);
    return new NDList(masks.logits(), masks.iou());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = imageEncoder.getOutputShapes(inputShapes)[0];
    Shape dense = new Shape(x.get(0), inputShapes[1].get(1), x.get(1), x.get(2), x.get(3));
    return head.decoder().getOutputShapes(new Shape[] {null, null, null, dense});
  }
}
