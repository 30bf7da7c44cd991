package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Mlp;
import org.samclip.nn.Module;
import org.samclip.nn.Stack;
import org.samclip.vitdet.Block;
import org.samclip.vitdet.BlockPass;
import org.samclip.vitdet.ViTDetConfig;

/**
 * Tokens of the backbone, before the neck, to CLIP's space: global-attention blocks of SAM's kind,
 * pooling, LayerNorm, an MLP with two hidden layers. Without the pooling, or with pooling of a
 * patch and its neighbours only, the same norm and MLP give a dense feature for every patch.
 */
public final class ClipHead extends Layer implements AlignedHead {

  /** Name in configs and files. */
  public static final String KIND = "clip-head";

  /** Tokens of an image from which global attention had better have a backward pass of its own. */
  public static final long LARGE_GRID = 1024;

  private static final int MLP_DEPTH = 3;

  /** Where the layers' first weights come from. */
  public enum Init {
    /** All of the backbone's last layer: attention, norms and MLP (paper, appendix A). */
    LAST_LAYER,
    /** Of the backbone's last layer its attention; norms and MLP are random. */
    LAST_ATTENTION,
    /** Nowhere (paper, section 3). */
    RANDOM;

    /**
     * @param label in lower case
     * @return the choice
     * @throws UserError if there is none of that name
     */
    public static Init of(String label) {
      List<String> labels = labels();
      int index = labels.indexOf(label.toLowerCase(Locale.ROOT));
      if (index < 0) {
        throw new UserError(
            "%s: init \"%s\" is unknown; allowed: %s.%s"
                .formatted(
                    KIND, label, String.join(", ", labels), NearestName.hint(label, labels)));
      }
      return values()[index];
    }

    private static List<String> labels() {
      return Stream.of(values()).map(init -> init.name().toLowerCase(Locale.ROOT)).toList();
    }

    private boolean copies(String name) {
      return switch (this) {
        case LAST_LAYER -> true;
        case LAST_ATTENTION -> name.startsWith("attn.");
        case RANDOM -> false;
      };
    }
  }

  private final ClipHeadConfig config;
  private final ViTDetConfig encoder;
  private final Stack blocks;
  private final LayerNorm norm;
  private final Mlp mlp;

  /**
   * @param config the head
   * @param encoder the backbone it stands on
   */
  public ClipHead(ClipHeadConfig config, ViTDetConfig encoder) {
    this.config = config;
    this.encoder = encoder;
    int c = encoder.width();
    blocks = child("blocks", new Stack());
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(new Block(c, encoder.heads(), encoder.mlpRatio(), 0, encoder.grid()));
    }
    norm = child("norm", new LayerNorm(c, Block.NORM_EPS));
    mlp = child("mlp", new Mlp(c, c, config.embedDim(), MLP_DEPTH, Mlp.Activation.GELU));
  }

  /**
   * Copies a layer of the backbone into every layer of the head; what is not copied keeps its
   * values, and so do the norm and the MLP behind the pooling.
   *
   * @param layer one with global attention, whose relative positions have the head's length
   * @param init how much of it
   */
  public void initializeFrom(Block layer, Init init) {
    Map<String, NDArray> source = layer.arrays();
    for (ai.djl.nn.Block block : blocks.getChildren().values()) {
      ((Block) block)
          .arrays()
          .forEach(
              (name, array) -> {
                if (init.copies(name)) {
                  ParameterLoader.copyInPlace(source.get(name), array);
                }
              });
    }
  }

  /**
   * @param tokens [B, h, w, C], the backbone's output before the neck
   * @return [B, h, w, C], what both outputs are made of
   */
  public NDArray features(NDArray tokens) {
    return blocks.forward(tokens);
  }

  /**
   * The blocks in a training step; {@link #pooled} takes what they give.
   *
   * @param tokens [B, h, w, C], the backbone's output before the neck, without history
   * @return the pass, whose output is that of {@link #features}
   */
  public BlockPass pass(NDArray tokens) {
    Shape s = tokens.getShape();
    // Small grids train as fast in autograd's record, or faster; ViT-B's at 1024 px take 2.7 times
    // as long.
    return s.get(1) * s.get(2) < LARGE_GRID
        ? BlockPass.recorded(blocks, tokens)
        : BlockPass.of(blocks, tokens, false);
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
  public int embedDim() {
    return config.embedDim();
  }

  @Override
  public Map<String, HeadOutput> outputs() {
    Map<String, HeadOutput> outputs = new LinkedHashMap<>();
    outputs.put(SUMMARY, new HeadOutput(config.embedDim(), false, encoder.patch()));
    outputs.put(SPATIAL, new HeadOutput(config.embedDim(), true, encoder.patch()));
    return outputs;
  }

  @Override
  public Set<Integer> blocks() {
    return Set.of();
  }

  @Override
  public NDArray tokens(BackboneFeatures of) {
    return features(of.last().patches());
  }

  @Override
  public HeadPass pass(BackboneFeatures of) {
    BlockPass pass = pass(of.last().patches());
    return new HeadPass() {
      @Override
      public NDArray output(String name) {
        return ClipHead.this.output(pass.output(), name);
      }

      @Override
      public void backward(Autograd on) {
        pass.backward(on);
      }
    };
  }

  @Override
  public Map<String, NDArray> forward(BackboneFeatures of, Set<String> names) {
    NDArray tokens = tokens(of);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    names.forEach(name -> outputs.put(name, output(tokens, name)));
    return outputs;
  }

  private NDArray output(NDArray tokens, String name) {
    return switch (name) {
      case SUMMARY -> pooled(tokens);
      case SPATIAL -> dense(tokens);
      default -> throw noOutput(name);
    };
  }

  /**
   * Copies from the backbone's last block: {@code last_layer}, {@code last_attention}, {@code
   * random}.
   */
  @Override
  public Set<String> inits() {
    return new LinkedHashSet<>(Init.labels());
  }

  @Override
  public void start(String init, Backbone backbone) {
    Init how = Init.of(init);
    if (how != Init.RANDOM && encoder.windowOf(encoder.depth() - 1) != 0) {
      throw new UserError(
          "%s: init \"%s\" copies the backbone's last block, %d, which attends within windows; allowed: random, or an encoder with that block among its global layers"
              .formatted(KIND, init, encoder.depth() - 1));
    }
    var blocks = ((VitDetBackbone) backbone).encoder().blocks().getChildren().values();
    initializeFrom((Block) blocks.get(blocks.size() - 1), how);
  }

  /** Patches have unit length, behind which no map can be put. */
  @Override
  public boolean foldsOutput(String output) {
    return output.equals(SUMMARY);
  }

  /**
   * Of the summary; features of patches are made of the same layer, before they get unit length.
   */
  @Override
  public void foldOutput(NDArray weight, NDArray bias) {
    OutputFold.into(List.of(mlp.last()), weight, bias);
  }

  /** Of the blocks and, for the pooled token, the MLP: dense features are not counted. */
  @Override
  public double operations(int side) {
    int grid = side / encoder.patch();
    return config.layers() * Arithmetic.block(encoder, grid, 0)
        + Arithmetic.mlp(encoder.width(), encoder.width(), config.embedDim(), MLP_DEPTH);
  }

  private boolean isMax() {
    return config.pool() == ClipHeadConfig.Pool.MAX;
  }

  /**
   * @param features [B, h, w, C] of {@link #features}
   * @return image embeddings [B, E], not normalised
   */
  @Override
  public NDArray pooled(NDArray features) {
    Shape s = features.getShape();
    NDArray patches = features.reshape(s.get(0), s.get(1) * s.get(2), s.get(3));
    return mlp.forward(norm.forward(pool(patches)));
  }

  /** [B, N, C] to [B, C]. */
  private NDArray pool(NDArray patches) {
    int[] over = {1};
    return isMax() ? patches.max(over) : patches.mean(over);
  }

  /**
   * Parts of one image in the way of a whole one: only the tokens of a region are pooled.
   *
   * @param features [1, h, w, C] of {@link #features}
   * @param regions R regions, each the indices {@code y * w + x} of its tokens, at least one
   * @return embeddings of the regions [R, E], not normalised
   */
  @Override
  public NDArray pooled(NDArray features, List<long[]> regions) {
    Shape s = features.getShape();
    NDArray patches = features.reshape(s.get(1) * s.get(2), s.get(3));
    NDList rows = new NDList();
    for (long[] region : regions) {
      NDArray index = features.getManager().create(region);
      rows.add(pool(patches.get(index).expandDims(0)));
    }
    return mlp.forward(norm.forward(NDArrays.concat(rows)));
  }

  /**
   * @param features [B, h, w, C] of {@link #features}
   * @return patch features [B, E, h, w], unit length along E
   */
  @Override
  public NDArray dense(NDArray features) {
    NDArray patches =
        config.denseWindow() == 1
            ? features
            : Kernels.neighbourhood(features, config.denseWindow(), isMax());
    return Kernels.normalize(mlp.forward(norm.forward(patches))).transpose(0, 3, 1, 2);
  }

  /**
   * @param tokens [B, h, w, C], the backbone's output before the neck
   * @return image embeddings [B, E], not normalised
   */
  @Override
  public NDArray forward(NDArray tokens) {
    return pooled(features(tokens));
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("max_pool", isMax(), "dense_window", config.denseWindow());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), config.embedDim())};
  }
}
