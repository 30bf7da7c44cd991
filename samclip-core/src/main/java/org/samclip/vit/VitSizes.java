package org.samclip.vit;

import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.TensorShapes;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.vit.VitConfig.Summary;

/**
 * A plain ViT's sizes from the shapes of its tensors. Heads, the norms' epsilon and rotary angles
 * leave no trace in shapes: they come from the config beside the weights. What a config says of the
 * rest must agree.
 */
public final class VitSizes {

  /** Of dinov2 and timm. */
  private static final double PLAIN_EPS = 1e-6;

  /** Heads of the published models by width, where no config is beside them. */
  private static final Map<Integer, Integer> PUBLISHED_HEADS =
      Map.of(192, 3, 384, 6, 768, 12, 1024, 16, 1152, 16, 1280, 16, 1408, 16, 1536, 24, 1664, 16);

  private static final String CONFIG_KEYS =
      "Put its config.json with num_heads (or model_args.num_heads, as timm writes) beside it";

  private final TensorShapes shapes;
  private final VitFormat format;
  private final int[] patches;
  private final int width;
  private final int depth;
  private final int registers;
  private final int hidden;
  private final VitMlp mlp;

  private VitSizes(TensorSource source, VitFormat format) {
    this.format = format;
    shapes = new TensorShapes(source, format.label());
    patches = shapes.of("patch_embed.proj.weight", 4);
    if (patches[1] != 3 || patches[2] != patches[3]) {
      throw shapes.refusal("its patches are not square images of 3 channels");
    }
    width = patches[0];
    depth = shapes.count("blocks.#.norm1.weight");
    if (depth == 0) {
      throw shapes.refusal("it has no blocks named blocks.0");
    }
    registers = shapes.has("register_tokens") ? shapes.of("register_tokens", 3)[1] : 0;
    hidden = shapes.of("blocks.0.mlp.fc2.weight", 2)[1];
    int first = shapes.of("blocks.0.mlp.fc1.weight", 2)[0];
    if (first != hidden && first != 2 * hidden) {
      throw shapes.refusal("its MLP's layers have " + first + " and " + hidden + " channels");
    }
    mlp = first == hidden ? VitMlp.GELU : VitMlp.GATED;
  }

  /**
   * @param source a plain ViT under our names
   * @param format of the file
   * @return its sizes
   * @throws UserError if it cannot be represented, or a config is missing or of another model
   */
  public static VitConfig of(TensorSource source, VitFormat format) {
    VitSizes sizes = new VitSizes(source, format);
    Optional<HubConfig> config = HubConfig.beside(source.path());
    return switch (format) {
      case HUGGING_FACE_DINOV2 -> sizes.dinov2(sizes.require(config));
      case HUGGING_FACE_DINOV3 -> sizes.dinov3(sizes.require(config));
      case DINOV2, TIMM -> sizes.plain(config);
    };
  }

  private HubConfig require(Optional<HubConfig> config) {
    return config.orElseThrow(
        () ->
            new UserError(
                "%s: a %s needs %s beside it for num_attention_heads and layer_norm_eps, and there is none"
                    .formatted(shapes.source().path(), format.label(), HubConfig.NAME)));
  }

  /** Defaults of transformers' {@code Dinov2Config}. */
  private VitConfig dinov2(HubConfig config) {
    if (registers > 0) {
      config.requireText("model_type", "missing", "dinov2_with_registers");
      config.requireNumber("num_register_tokens", 4, registers);
    } else {
      config.requireText("model_type", "missing", "dinov2");
    }
    requireSizes(config, 768, 14);
    config.requireFlag("use_swiglu_ffn", false, mlp == VitMlp.GATED);
    config.requireFlag("qkv_bias", true, bias() == BlockConfig.Bias.ALL);
    if (mlp == VitMlp.GELU) {
      config.requireText("hidden_act", "gelu", "gelu");
      double ratio = config.real("mlp_ratio", 4);
      if ((int) (width * ratio) != hidden) {
        throw config.contradiction("mlp_ratio", ratio, (double) hidden / width);
      }
    }
    Positions.Learned positions = learned(resize());
    config.requireNumber("image_size", 224, positions.grid() * patches[2]);
    BlockConfig block =
        block(config.number("num_attention_heads", 12), config.real("layer_norm_eps", 1e-6));
    return with(block, positions, Summary.CLASS);
  }

  /** Defaults of transformers' {@code DINOv3ViTConfig}. */
  private VitConfig dinov3(HubConfig config) {
    config.requireText("model_type", "missing", "dinov3_vit");
    requireSizes(config, 384, 16);
    config.requireNumber("num_register_tokens", 0, registers);
    config.requireNumber("intermediate_size", 1536, hidden);
    config.requireFlag("use_gated_mlp", false, mlp == VitMlp.GATED);
    config.requireText("hidden_act", "gelu", mlp == VitMlp.GATED ? "silu" : "gelu");
    config.requireFlag("query_bias", true, bias() != BlockConfig.Bias.NONE);
    config.requireFlag("key_bias", false, bias() == BlockConfig.Bias.ALL);
    config.requireFlag("value_bias", true, bias() != BlockConfig.Bias.NONE);
    BlockConfig block =
        block(config.number("num_attention_heads", 6), config.real("layer_norm_eps", 1e-5));
    return with(block, new Positions.Rotary(config.real("rope_theta", 100)), Summary.CLASS);
  }

  private void requireSizes(HubConfig config, int defaultWidth, int defaultPatch) {
    config.requireNumber("hidden_size", defaultWidth, width);
    config.requireNumber("num_hidden_layers", 12, depth);
    config.requireNumber("patch_size", defaultPatch, patches[2]);
  }

  /** Names of dinov2 and timm; only timm writes a config, which says little. */
  private VitConfig plain(Optional<HubConfig> config) {
    int heads = config.flatMap(this::heads).orElseGet(this::publishedHeads);
    config.ifPresent(c -> c.requireNumber("num_features", width, width));
    Summary summary =
        shapes.has("fc_norm.weight")
            ? Summary.NORMED_MEAN
            : shapes.has("cls_token") ? Summary.CLASS : Summary.MEAN;
    String pool = config.map(c -> c.text("global_pool", "")).orElse("");
    if (pool.equals("avg") && summary == Summary.CLASS) {
      summary = Summary.MEAN;
    } else if (!pool.isEmpty() && !pool.equals(summary == Summary.CLASS ? "token" : "avg")) {
      throw new UserError(
          "%s: global_pool is '%s', which the weights beside it do not fit; read are token (with a class token) and avg"
              .formatted(config.orElseThrow().file(), pool));
    }
    return with(block(heads, PLAIN_EPS), learned(resize()), summary);
  }

  private Optional<Integer> heads(HubConfig config) {
    HubConfig arguments = config.part("model_args");
    if (arguments.has("num_heads")) {
      return Optional.of(arguments.number("num_heads", 0));
    }
    return config.has("num_heads") ? Optional.of(config.number("num_heads", 0)) : Optional.empty();
  }

  private int publishedHeads() {
    Integer heads = PUBLISHED_HEADS.get(width);
    if (heads == null) {
      throw shapes.refusal(
          "no published model has width " + width + ", so its heads are unknown. " + CONFIG_KEYS);
    }
    return heads;
  }

  /**
   * As transformers and timm do; dinov2's own code differs where the grid does: by a tenth of a
   * token in the scale.
   */
  private Resize resize() {
    return format == VitFormat.TIMM || registers > 0 ? Resize.BICUBIC_ANTIALIAS : Resize.BICUBIC;
  }

  private Positions.Learned learned(Resize how) {
    int rows = shapes.of("pos_embed", 3)[1];
    int grid = (int) Math.sqrt(rows);
    boolean ofClass = grid * grid != rows;
    if (ofClass && grid * grid + 1 != rows) {
      throw shapes.refusal("its " + rows + " positions are no square, nor one and a class token");
    }
    return new Positions.Learned(grid, ofClass, how);
  }

  private BlockConfig.Bias bias() {
    if (shapes.has("blocks.0.attn.qkv.bias")) {
      return BlockConfig.Bias.ALL;
    }
    return shapes.has("blocks.0.attn.q_bias")
        ? BlockConfig.Bias.QUERY_VALUE
        : BlockConfig.Bias.NONE;
  }

  private BlockConfig block(int heads, double eps) {
    boolean layerScale = shapes.has("blocks.0.ls1.gamma");
    return new BlockConfig(width, heads, hidden, mlp, bias(), layerScale, eps);
  }

  private VitConfig with(BlockConfig block, Positions positions, Summary summary) {
    return new VitConfig(
        patches[2], depth, block, shapes.has("cls_token"), registers, positions, summary);
  }
}
