package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.checkpoint.Provenance;
import org.samclip.kernel.Kernels;
import org.samclip.model.ImageInput;
import org.samclip.model.ImageOutput;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextTokenizer;

/** A merged model under the interfaces of what its heads can do. */
abstract class MergedView implements VisionModel {

  private final MergedModel model;

  private MergedView(MergedModel model) {
    this.model = model;
  }

  /**
   * @param model with any heads
   * @return the model with all that they can do; empty if that is nothing more
   */
  static Optional<VisionModel> of(MergedModel model) {
    boolean speaks = model.language().isPresent();
    boolean draws = model.maskHead().isPresent();
    if (speaks && draws) {
      return Optional.of(new TwoHeaded(model));
    }
    if (speaks) {
      return Optional.of(new Aligned(model));
    }
    return draws ? Optional.of(new Promptable(model)) : Optional.empty();
  }

  /** Whether a capability needs a mask head. */
  static boolean drawsMasks(Class<?> capability) {
    return PromptableModel.class.isAssignableFrom(capability);
  }

  final Student student() {
    return model.student();
  }

  @Override
  public final Record sizes() {
    return model.sizes();
  }

  @Override
  public final ImageInput input() {
    return model.input();
  }

  @Override
  public final Map<String, ImageOutput> outputs() {
    return model.outputs();
  }

  @Override
  public final Map<String, NDArray> forward(NDArray images, Set<String> names) {
    return model.forward(images, names);
  }

  @Override
  public final <C> Optional<C> as(Class<C> capability) {
    return model.as(capability);
  }

  @Override
  public final Optional<String> lacking(Class<?> capability) {
    return model.lacking(capability);
  }

  @Override
  public final double operations(int side) {
    return model.operations(side);
  }

  @Override
  public final Block imageBlock() {
    return model.imageBlock();
  }

  @Override
  public final Map<String, Module> modules() {
    return model.modules();
  }

  @Override
  public final Optional<Provenance> provenance() {
    return model.provenance();
  }

  private NDArray output(NDArray images, String name) {
    return model.forward(images, Set.of(name)).get(name);
  }

  /** With a text tower. */
  private static class Aligned extends MergedView implements TextAlignedModel {
    private final Language language;
    private final AlignedHead head;

    Aligned(MergedModel model) {
      super(model);
      language = model.language().orElseThrow();
      head = model.alignedHead().orElseThrow();
    }

    final AlignedHead head() {
      return head;
    }

    @Override
    public final NDArray embedImages(NDArray images) {
      return super.output(images, SUMMARY);
    }

    @Override
    public final NDArray embedPatches(NDArray images) {
      return super.output(images, SPATIAL);
    }

    @Override
    public final NDArray embedTexts(NDManager manager, List<String> texts) {
      return language.text().embed(manager, texts);
    }

    @Override
    public final TextTokenizer tokenizer() {
      return language.text().tokenizer();
    }

    @Override
    public final Optional<TextEncoder> textEncoder() {
      return Optional.of(language.text());
    }
  }

  /** With a mask head. */
  private static final class Promptable extends MergedView implements PromptableModel {
    private final MaskHead head;

    Promptable(MergedModel model) {
      super(model);
      head = model.maskHead().orElseThrow();
    }

    @Override
    public NDArray encodeImages(NDArray images) {
      return super.output(images, MergedModel.NECK);
    }

    @Override
    public Masks masks(NDArray embedding, Prompts prompts) {
      return head.decoder().masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
    }

    @Override
    public Masks masks(NDArray embedding, NDArray xy, NDArray labels) {
      return head.decoder().masksOfTokens(embedding, xy, labels);
    }

    @Override
    public String embeddingOutput() {
      return MergedModel.NECK;
    }
  }

  /** With both. */
  private static final class TwoHeaded extends Aligned implements TwoHeadedModel {
    private final MaskHead masks;
    private final Promptable promptable;

    TwoHeaded(MergedModel model) {
      super(model);
      masks = model.maskHead().orElseThrow();
      promptable = new Promptable(model);
    }

    @Override
    public NDArray encodeImages(NDArray images) {
      return promptable.encodeImages(images);
    }

    @Override
    public Masks masks(NDArray embedding, Prompts prompts) {
      return promptable.masks(embedding, prompts);
    }

    @Override
    public Masks masks(NDArray embedding, NDArray xy, NDArray labels) {
      return promptable.masks(embedding, xy, labels);
    }

    @Override
    public String embeddingOutput() {
      return promptable.embeddingOutput();
    }

    @Override
    public Features features(NDArray images) {
      Set<Integer> blocks = new TreeSet<>(head().blocks());
      blocks.addAll(masks.blocks());
      BackboneFeatures of = student().backbone().features(images, blocks);
      NDArray tokens = head().tokens(of);
      return new Features(head().pooled(tokens), head().dense(tokens), tokens, masks.embedding(of));
    }

    @Override
    public NDArray embedRegions(NDArray tokens, List<long[]> regions) {
      return Kernels.normalize(head().pooled(tokens, regions));
    }
  }
}
