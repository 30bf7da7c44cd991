package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.nn.Module;
import org.samclip.nn.SizeLimits;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * A SAM and its sizes. Its spatial output is the image embedding that its mask decoder reads.
 *
 * @param sam the model
 * @param sizes of its parts
 * @param provenance where the weights come from, if the file says it
 */
public record SamModel(Sam sam, Sizes sizes, Optional<Provenance> provenance)
    implements PromptableModel {

  /** Kind of a file that holds a SAM. */
  public static final String KIND = "sam";

  /** Name of the output [B, C, h, w] of the last block, before the neck. */
  public static final String TOKENS = "tokens";

  @Override
  public ImageInput input() {
    return input(sizes.encoder());
  }

  /**
   * @param encoder sizes of SAM's encoder, in whatever model
   * @return what it takes
   */
  public static ImageInput input(ViTDetConfig encoder) {
    return ImageInput.ofBytes(encoder.imageSide(), encoder.patch(), Sam.PIXEL_MEAN, Sam.PIXEL_STD);
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    ViTDetConfig encoder = sizes.encoder();
    return Map.of(
        SPATIAL,
        ImageOutput.spatial(encoder.neck(), encoder.patch(), this::encodeImages),
        TOKENS,
        ImageOutput.spatial(encoder.width(), encoder.patch(), this::tokens));
  }

  @Override
  public Map<String, NDArray> forward(NDArray images, Set<String> names) {
    requireOutputs(names);
    NDArray tokens = sam.imageEncoder().tokens(images);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    for (String name : names) {
      outputs.put(
          name, name.equals(TOKENS) ? channelsFirst(tokens) : sam.imageEncoder().neck(tokens));
    }
    return outputs;
  }

  private NDArray tokens(NDArray images) {
    return channelsFirst(sam.imageEncoder().tokens(images));
  }

  private static NDArray channelsFirst(NDArray tokens) {
    return tokens.transpose(0, 3, 1, 2);
  }

  @Override
  public double operations(int side) {
    return Arithmetic.encoder(sizes.encoder(), side);
  }

  @Override
  public Block imageBlock() {
    return sam.imageEncoder();
  }

  @Override
  public Map<String, Module> modules() {
    return Map.of("", sam);
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return sam.imageEncoder().forward(images);
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    return sam.head().masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
  }

  @Override
  public Masks masks(NDArray embedding, NDArray xy, NDArray labels) {
    return sam.head().masksOfTokens(embedding, xy, labels);
  }

  /**
   * Sizes of a SAM.
   *
   * @param encoder the image encoder
   * @param samHead prompt encoder and mask decoder
   */
  public record Sizes(ViTDetConfig encoder, SamHeadConfig samHead) {
    public Sizes {
      SizeLimits.present("SAM", "encoder", encoder);
      SizeLimits.present("SAM", "sam_head", samHead);
      if (encoder.neck() != samHead.dim()) {
        throw new UserError(
            "SAM: the encoder's neck gives "
                + encoder.neck()
                + " channels, the head takes "
                + samHead.dim());
      }
    }
  }
}
