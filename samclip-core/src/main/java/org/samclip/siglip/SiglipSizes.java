package org.samclip.siglip;

import org.samclip.UserError;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.TensorShapes;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;

/**
 * A SigLIP's sizes from the shapes of its tensors; heads and the norms' epsilon from the config
 * beside the weights, whose other values must agree. Defaults are those of transformers' {@code
 * SiglipVisionConfig} and {@code SiglipTextConfig}, which the published configs leave out.
 */
public final class SiglipSizes {

  private final TensorShapes shapes;
  private final HubConfig config;

  private SiglipSizes(TensorShapes shapes, HubConfig config) {
    this.shapes = shapes;
    this.config = config;
  }

  /**
   * @param source a SigLIP under our names
   * @return its sizes
   * @throws UserError if it cannot be represented, or the config is missing or of another model
   */
  public static SiglipConfig of(TensorSource source) {
    HubConfig config =
        HubConfig.beside(source.path())
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: a SigLIP needs %s beside it for num_attention_heads and layer_norm_eps, and there is none"
                            .formatted(source.path(), HubConfig.NAME)));
    requireFixedResolution(source, config);
    config.requireText("model_type", "missing", "siglip");
    SiglipSizes sizes = new SiglipSizes(new TensorShapes(source, "SigLIP"), config);
    return new SiglipConfig(sizes.vision(), sizes.text());
  }

  private static void requireFixedResolution(TensorSource source, HubConfig config) {
    boolean flat = source.info("visual.patch_embed.proj.weight").shape().length == 2;
    if (flat || config.text("model_type", "").equals("siglip2")) {
      throw new UserError(
          "%s: it is a NaFlex SigLIP 2, which takes images of any aspect as lists of patches; read are those of fixed resolution, such as siglip2-base-patch16-256 (model_type siglip)"
              .formatted(source.path()));
    }
  }

  private VitConfig vision() {
    HubConfig part = config.part("vision_config");
    int[] patches = shapes.of("visual.patch_embed.proj.weight", 4);
    if (patches[1] != 3 || patches[2] != patches[3]) {
      throw shapes.refusal("its patches are not square images of 3 channels");
    }
    int rows = shapes.of("visual.pos_embed", 3)[1];
    int grid = (int) Math.sqrt(rows);
    if (grid * grid != rows) {
      throw shapes.refusal("its " + rows + " positions are no square");
    }
    part.requireNumber("patch_size", 16, patches[2]);
    part.requireNumber("image_size", 224, grid * patches[2]);
    return new VitConfig(
        patches[2],
        depth(part, "visual."),
        block(part, "visual.", patches[0]),
        false,
        0,
        new Positions.Learned(grid, false, Resize.BICUBIC),
        VitConfig.Summary.ATTENTION);
  }

  private SiglipConfig.Text text() {
    HubConfig part = config.part("text_config");
    int[] tokens = shapes.of("text.token_embedding.weight", 2);
    int context = shapes.of("text.pos_embed", 2)[0];
    part.requireNumber("vocab_size", 32000, tokens[0]);
    part.requireNumber("max_position_embeddings", 64, context);
    return new SiglipConfig.Text(
        context,
        tokens[0],
        depth(part, "text."),
        block(part, "text.", tokens[1]),
        shapes.of("text.head.weight", 2)[0]);
  }

  private int depth(HubConfig part, String tower) {
    int depth = shapes.count(tower + "blocks.#.norm1.weight");
    part.requireNumber("num_hidden_layers", 12, depth);
    return depth;
  }

  private BlockConfig block(HubConfig part, String tower, int width) {
    int hidden = shapes.of(tower + "blocks.0.mlp.fc1.weight", 2)[0];
    part.requireNumber("hidden_size", 768, width);
    part.requireNumber("intermediate_size", 3072, hidden);
    part.requireText("hidden_act", "gelu_pytorch_tanh", "gelu_pytorch_tanh");
    return new BlockConfig(
        width,
        part.number("num_attention_heads", 12),
        hidden,
        VitMlp.GELU_TANH,
        BlockConfig.Bias.ALL,
        false,
        part.real("layer_norm_eps", 1e-6));
  }
}
