package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Module;
import org.samclip.nn.Stack;
import org.samclip.sam.MaskDecoder;
import org.samclip.sam.PromptEncoder;
import org.samclip.sam.SamHead;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ImageEncoder;

/**
 * SAM's head: a neck makes the image embedding of the last patches, prompt encoder and mask decoder
 * draw masks on it. SAM's encoder has the neck among its own parameters; on another backbone the
 * head has one of the same form. Prompt encoder and mask decoder keep SAM's names, so that a
 * student has one such head at most.
 */
public final class MaskDecoderHead extends Module implements MaskHead {

  /** Name in configs and files. */
  public static final String KIND = "mask-decoder";

  private static final String PROMPTS = "prompt_encoder";
  private static final String DECODER = "mask_decoder";

  private final SamHeadConfig config;
  private final Backbone backbone;
  private final OwnNeck ownNeck;
  private final PromptEncoder prompts;
  private final MaskDecoder decoder;

  MaskDecoderHead(SamHeadConfig config, Backbone backbone) {
    this.config = config;
    this.backbone = backbone;
    prompts = child(PROMPTS, new PromptEncoder(config));
    decoder = child(DECODER, new MaskDecoder(config));
    if (backbone instanceof VitDetBackbone own) {
      ownNeck = null;
      int given = own.encoder().config().neck();
      if (given != config.dim()) {
        throw new UserError(
            "%s: the encoder's neck gives %d channels, the head takes %d; make encoder.neck and decoder.dim equal"
                .formatted(KIND, given, config.dim()));
      }
    } else {
      ownNeck = new OwnNeck(backbone.width(), config.dim());
    }
  }

  @Override
  public Module module() {
    return this;
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public SamHeadConfig sizes() {
    return config;
  }

  @Override
  public Map<String, Module> parts(String name) {
    Map<String, Module> parts = new LinkedHashMap<>();
    parts.put(PROMPTS, prompts);
    parts.put(DECODER, decoder);
    if (ownNeck != null) {
      parts.put(name, ownNeck);
    }
    return parts;
  }

  @Override
  public Map<String, HeadOutput> outputs() {
    return Map.of(EMBEDDING, new HeadOutput(config.dim(), true, backbone.patch()));
  }

  @Override
  public Set<Integer> blocks() {
    return Set.of();
  }

  @Override
  public boolean isOutputLearning() {
    return backbone instanceof VitDetBackbone own
        ? own.encoder().neckLayers().isLearning()
        : ownNeck.isLearning();
  }

  @Override
  public NDArray embedding(BackboneFeatures features) {
    NDArray patches = features.last().patches();
    return backbone instanceof VitDetBackbone own
        ? own.encoder().neck(patches)
        : ownNeck.forward(patches);
  }

  @Override
  public SamHead decoder() {
    return new SamHead(prompts, decoder, backbone.patch());
  }

  @Override
  public HeadPass pass(BackboneFeatures features) {
    NDArray embedding = embedding(features);
    return new HeadPass() {
      @Override
      public NDArray output(String name) {
        if (!name.equals(EMBEDDING)) {
          throw noOutput(name);
        }
        return embedding;
      }

      @Override
      public void backward(Autograd on) {
        // Autograd recorded all of it.
      }
    };
  }

  /** Of the neck; a prompt takes {@link Arithmetic#maskDecoder} more. */
  @Override
  public double operations(int side) {
    return Arithmetic.neck(backbone.width(), config.dim(), side / backbone.patch());
  }

  @Override
  protected NDList forward(NDList inputs) {
    throw new IllegalStateException("a head is run by its student");
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    throw new IllegalStateException("a head is run by its student");
  }

  /** The neck under its name; not under the head's own, where SAM's names stand. */
  private static final class OwnNeck extends Module {
    private final Stack neck;

    OwnNeck(int width, int dim) {
      neck = child("neck", ImageEncoder.newNeck(width, dim));
    }

    NDArray forward(NDArray patches) {
      return neck.forward(patches.transpose(0, 3, 1, 2));
    }

    @Override
    protected NDList forward(NDList inputs) {
      return new NDList(forward(inputs.singletonOrThrow()));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      Shape s = inputShapes[0];
      return neck.getOutputShapes(new Shape[] {new Shape(s.get(0), s.get(3), s.get(1), s.get(2))});
    }
  }
}
