package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.DenseForm;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Module;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextTokenizer;

/**
 * A CLIP that can be used: towers and tokenizer. Its outputs lie in the space that images and texts
 * share, and have unit length.
 *
 * @param clip the towers
 * @param tokenizer the text tower's tokenizer
 * @param provenance where the weights come from, if the file says it
 * @param dense how a patch gets its feature
 */
public record ClipModel(
    Clip clip, TextTokenizer tokenizer, Optional<Provenance> provenance, DenseForm dense)
    implements TextAlignedModel {

  /** Kind of a file that holds a CLIP. */
  public static final String KIND = "clip";

  /**
   * @param clip the towers
   * @param tokenizer the text tower's tokenizer
   * @param provenance where the weights come from, if the file says it
   */
  public ClipModel(Clip clip, TextTokenizer tokenizer, Optional<Provenance> provenance) {
    this(clip, tokenizer, provenance, DenseForm.DEFAULT);
  }

  @Override
  public ClipModel withDense(DenseForm form) {
    return new ClipModel(clip, tokenizer, provenance, form);
  }

  @Override
  public ClipConfig sizes() {
    return clip.config();
  }

  @Override
  public ImageInput input() {
    ClipConfig.Vision vision = clip.config().vision();
    return ImageInput.ofUnits(vision.imageSide(), vision.patch(), Clip.PIXEL_MEAN, Clip.PIXEL_STD);
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    ClipConfig sizes = clip.config();
    return Map.of(
        SUMMARY,
        ImageOutput.summary(sizes.embedDim(), this::embedImages),
        SPATIAL,
        ImageOutput.spatial(sizes.embedDim(), sizes.vision().patch(), this::embedPatches));
  }

  @Override
  public Block imageBlock() {
    return clip.visual();
  }

  @Override
  public Map<String, Module> modules() {
    return Map.of("", clip);
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return clip.embedImages(images);
  }

  @Override
  public NDArray embedPatches(NDArray images) {
    NDArray patches = clip.visual().patchFeatures(images, dense);
    return Kernels.normalize(patches.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2);
  }

  @Override
  public Optional<TextEncoder> textEncoder() {
    return Optional.of(new TextEncoder(clip.config().textSide(), clip.text(), tokenizer));
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return clip.embedTexts(tokenizer.encode(manager, texts));
  }
}
