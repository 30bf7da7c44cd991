package org.samclip.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorShapes;
import org.samclip.checkpoint.TensorSource;
import org.samclip.clip.ClipConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CLIP's sizes from the shapes of its tensors. Heads and activation leave no trace in shapes:
 * they come from the config beside the weights; without one from OpenAI's rule (heads of 64,
 * QuickGELU) for OpenAI's archives, else from open_clip's published models of the same shapes.
 */
final class ClipSizes {

  private static final Logger LOG = LoggerFactory.getLogger(ClipSizes.class);

  private static final String VISION = "visual.transformer.resblocks.#.";
  private static final String TEXT = "transformer.resblocks.#.";

  /** OpenAI CLIP, clip/model.py {@code build_model}: the same in both towers. */
  private static final int OPENAI_HEAD_WIDTH = 64;

  private final TensorShapes shapes;
  private final int[] patches;
  private final int[] positions;
  private final int[] tokens;
  private final int embedDim;
  private final int visionLayers;
  private final int textLayers;

  private ClipSizes(TensorShapes shapes) {
    this.shapes = shapes;
    patches = shapes.of("visual.conv1.weight", 4);
    if (patches[1] != 3 || patches[2] != patches[3]) {
      throw shapes.refusal("its patches are not square images of 3 channels");
    }
    shapes.require("visual.class_embedding", "an image tower without class token is unknown here");
    shapes.require("visual.ln_pre.weight", "an image tower without ln_pre (CLIPA) is unknown here");
    shapes.require("visual.proj", "the image tower does not project into a shared space");
    shapes.require("text_projection", "the text tower does not project into a shared space");
    positions = shapes.of("visual.positional_embedding", 2);
    tokens = shapes.of("token_embedding.weight", 2);
    embedDim = shapes.of("visual.proj", 2)[1];
    visionLayers = layers(VISION);
    textLayers = layers(TEXT);
  }

  /**
   * @param source a CLIP under our names
   * @param format of the file
   * @param config what stands beside it
   * @return its sizes
   * @throws UserError if it is a CLIP that cannot be represented, or heads or activation are
   *     unknown
   */
  static ClipConfig of(TensorSource source, WeightFormat format, Optional<ClipDescription> config) {
    ClipSizes sizes = new ClipSizes(new TensorShapes(source, "CLIP"));
    if (config.isPresent()) {
      sizes.requireFit(config.get());
      return sizes.with(config.get());
    }
    if (format.equals(ClipFamily.OPENAI)) {
      return sizes.with(
          sizes.patches[0] / OPENAI_HEAD_WIDTH, sizes.tokens[1] / OPENAI_HEAD_WIDTH, true);
    }
    return sizes.published(format);
  }

  private int layers(String block) {
    int layers = shapes.count(block + "attn.in_proj_weight");
    if (layers == 0) {
      throw shapes.refusal("it has no blocks named " + block.replace("#", "0"));
    }
    shapes.requireEach(
        block + "attn.in_proj_bias", "attention without bias is unknown here", layers);
    return layers;
  }

  private ClipConfig published(WeightFormat format) {
    List<ClipDescription> same =
        OpenClipModels.all().stream().filter(model -> differences(model).isEmpty()).toList();
    if (same.isEmpty()) {
      throw ask("no published open_clip model has these shapes, so the number of heads is unknown");
    }
    ClipDescription model = same.get(0);
    if (same.stream().anyMatch(m -> !heads(m).equals(heads(model)))) {
      throw ask("published open_clip models of these shapes differ in their heads");
    }
    if (!format.equals(ClipFamily.OPEN_CLIP)) {
      throw ask("whether it uses GELU or QuickGELU is unknown");
    }
    LOG.warn(
        "{}: no config beside it: {} heads as in open_clip's {}, and GELU; if the model was trained"
            + " with QuickGELU, give config {}-quickgelu or its open_clip_config.json",
        shapes.source().path(),
        heads(model),
        model.origin(),
        model.origin().replace("-quickgelu", ""));
    return with(model.vision().heads(), model.text().heads(), false);
  }

  private static List<Integer> heads(ClipDescription model) {
    return List.of(model.vision().heads(), model.text().heads());
  }

  private UserError ask(String cause) {
    return new UserError(
        "%s: %s, and no config is beside it. Give the config: its open_clip_config.json or config.json, or the name of an open_clip model such as ViT-L-14 or ViT-L-14-quickgelu"
            .formatted(shapes.source().path(), cause));
  }

  private ClipConfig with(ClipDescription config) {
    return with(config.vision().heads(), config.text().heads(), config.quickGelu());
  }

  private ClipConfig with(int visionHeads, int textHeads, boolean quickGelu) {
    int grid = (int) Math.round(Math.sqrt(positions[0] - 1));
    if (grid * grid + 1 != positions[0]) {
      throw shapes.refusal("its " + positions[0] + " positions are not a square grid and a class");
    }
    int visionWidth = patches[0];
    int textWidth = tokens[1];
    return new ClipConfig(
        embedDim,
        quickGelu,
        new ClipConfig.Vision(
            grid * patches[2],
            patches[2],
            visionWidth,
            visionLayers,
            visionHeads,
            ratio(VISION, visionWidth)),
        new ClipConfig.Text(
            shapes.of("positional_embedding", 2)[0],
            tokens[0],
            textWidth,
            textHeads,
            textLayers,
            ratio(TEXT, textWidth)));
  }

  private double ratio(String block, int width) {
    return TensorShapes.mlpRatio(
        width, shapes.of(block.replace("#", "0") + "mlp.c_fc.weight", 2)[0]);
  }

  private void requireFit(ClipDescription config) {
    List<String> differences = differences(config);
    if (!differences.isEmpty()) {
      throw new UserError(
          "%s: the config %s belongs to another model: %s. Give the weights' own config"
              .formatted(shapes.source().path(), config.origin(), String.join(", ", differences)));
    }
  }

  private List<String> differences(ClipDescription config) {
    List<String> differences = new ArrayList<>();
    compare(differences, "embed_dim", config.embedDim(), embedDim);
    compare(differences, "patch_size", config.patch(), patches[2]);
    compare(differences, "vision width", config.vision().width(), patches[0]);
    compare(differences, "vision layers", config.vision().layers(), visionLayers);
    compare(differences, "text width", config.text().width(), tokens[1]);
    compare(differences, "text layers", config.text().layers(), textLayers);
    return differences;
  }

  private static void compare(List<String> differences, String what, int config, int weights) {
    if (config != weights) {
      differences.add(what + " " + config + " in the config, " + weights + " in the weights");
    }
  }
}
