package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Module;
import org.samclip.siglip.Siglip;
import org.samclip.siglip.SiglipConfig;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextTokenizer;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;

/**
 * A SigLIP or SigLIP 2 that can be used: towers and tokenizer. Summary and spatial output lie in
 * the space that images and texts share, and have unit length; {@link #TOKENS} are the image
 * tower's own.
 *
 * <p>No public dense form of SigLIP is known. A patch's feature is what the attention pool would
 * give if the patch were the only token: its value, projected, with the pool's residual MLP. It is
 * the way of MaskCLIP (arXiv 2112.01071), who take the values of CLIP's last attention, which is
 * its pool.
 *
 * @param siglip the towers, logit scale and bias
 * @param tokenizer the text tower's tokenizer
 * @param provenance where the weights come from, if the file says it
 */
public record SiglipModel(Siglip siglip, TextTokenizer tokenizer, Optional<Provenance> provenance)
    implements TextAlignedModel {

  /** Kind of a file that holds a SigLIP. */
  public static final String KIND = "siglip";

  /** Name of the output [B, C, h, w] of patches after the last norm, before the pool. */
  public static final String TOKENS = "tokens";

  @Override
  public SiglipConfig sizes() {
    return siglip.config();
  }

  @Override
  public ImageInput input() {
    VitConfig vision = siglip.config().vision();
    int grid = ((Positions.Learned) vision.positions()).grid();
    return ImageInput.ofUnits(
        grid * vision.patch(), vision.patch(), Siglip.PIXEL_MEAN, Siglip.PIXEL_STD);
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    VitConfig vision = siglip.config().vision();
    int width = vision.width();
    int patch = vision.patch();
    return Map.of(
        SUMMARY,
        ImageOutput.summary(width, this::embedImages),
        SPATIAL,
        ImageOutput.spatial(width, patch, this::embedPatches),
        TOKENS,
        ImageOutput.spatial(width, patch, images -> siglip.visual().features(images).spatial()));
  }

  @Override
  public Block imageBlock() {
    return siglip.visual();
  }

  @Override
  public Map<String, Module> modules() {
    return Map.of("", siglip);
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return siglip.embedImages(images);
  }

  @Override
  public NDArray embedPatches(NDArray images) {
    NDArray patches = siglip.visual().patchSummaries(images);
    return Kernels.normalize(patches.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2);
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return siglip.embedTexts(tokenizer.encode(manager, texts));
  }

  @Override
  public Optional<TextEncoder> textEncoder() {
    return Optional.of(new TextEncoder(siglip.config().text(), siglip.text(), tokenizer));
  }
}
