package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Module;
import org.samclip.nn.SizeLimits;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.vitdet.ViTDetConfig;

/**
 * A merged model that can be used: one backbone with both heads, and the CLIP teacher's frozen text
 * tower with its tokenizer. Images enter with SAM's normalisation for both heads. Summary and
 * spatial output lie in CLIP's space and have unit length; the output {@link #NECK} is SAM's image
 * embedding.
 *
 * @param model backbone and heads
 * @param text the frozen text tower
 * @param tokenizer the text tower's tokenizer
 * @param provenance where the weights come from, if the file says it
 */
public record SamClipModel(
    SamClip model, TextTower text, Tokenizer tokenizer, Optional<Provenance> provenance)
    implements TwoHeadedModel {

  /** Kind of a file that holds a merged model. */
  public static final String KIND = "samclip";

  /** Name of the output [B, N, h, w] that SAM's head reads. */
  public static final String NECK = "neck";

  private static final String TEXT = "text.";

  /** Modules by what stands before their names in a file. */
  static Map<String, Module> modules(SamClip model, TextTower text) {
    Map<String, Module> modules = new LinkedHashMap<>();
    modules.put("", model);
    modules.put(TEXT, text);
    return modules;
  }

  @Override
  public ImageInput input() {
    return SamModel.input(model.config().encoder());
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    ViTDetConfig encoder = model.config().encoder();
    int width = model.config().clipHead().embedDim();
    return Map.of(
        SUMMARY,
        ImageOutput.summary(width, this::embedImages),
        SPATIAL,
        ImageOutput.spatial(width, encoder.patch(), this::embedPatches),
        NECK,
        ImageOutput.spatial(encoder.neck(), encoder.patch(), this::encodeImages));
  }

  @Override
  public Block imageBlock() {
    return model;
  }

  @Override
  public Map<String, Module> modules() {
    return modules(model, text);
  }

  @Override
  public NDArray embedImages(NDArray images) {
    return Kernels.normalize(model.clipHead().forward(model.imageEncoder().tokens(images)));
  }

  @Override
  public NDArray embedPatches(NDArray images) {
    return model.clipHead().dense(model.clipHead().features(model.imageEncoder().tokens(images)));
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    return Kernels.normalize(text.forward(tokenizer.encode(manager, texts)));
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    return model.imageEncoder().forward(images);
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    return model.samHead().masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
  }

  @Override
  public SamClip.Features features(NDArray images) {
    return model.features(images);
  }

  @Override
  public NDArray embedRegions(NDArray tokens, List<long[]> regions) {
    return Kernels.normalize(model.clipHead().pooled(tokens, regions));
  }

  /**
   * @return the sizes
   */
  public Sizes sizes() {
    return new Sizes(model.config(), text.config());
  }

  /**
   * Sizes of a merged model.
   *
   * @param model backbone and heads
   * @param text of the CLIP whose text tower it keeps
   */
  public record Sizes(SamClipConfig model, ClipConfig text) {
    public Sizes {
      SizeLimits.present("merged model", "model", model);
      SizeLimits.present("merged model", "text", text);
      if (model.clipHead().embedDim() != text.embedDim()) {
        throw new UserError(
            "merged model: the CLIP head gives "
                + model.clipHead().embedDim()
                + " numbers, the text tower "
                + text.embedDim());
      }
    }
  }
}
