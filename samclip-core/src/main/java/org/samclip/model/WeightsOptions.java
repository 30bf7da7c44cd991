package org.samclip.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.text.TextSizes;
import org.samclip.text.TextTokenizer;

/**
 * What is said of a file of weights: which of several models in it, and what official weights with
 * a text side need beside them. Of the latter, what is not given is looked for in the weights'
 * folder.
 *
 * @param key what stands before the names of the model's tensors, such as {@code model_ema}; empty
 *     where the file holds one model
 * @param config an {@code open_clip_config.json} or {@code config.json}, or the name of a published
 *     open_clip model
 * @param tokenizer a {@code tokenizer.json}, CLIP's {@code bpe_simple_vocab_16e6.txt.gz} or
 *     SigLIP's {@code spiece.model}
 */
public record WeightsOptions(
    Optional<String> key, Optional<String> config, Optional<Path> tokenizer) {

  /** Nothing is given: what is needed stands beside the weights or inside them. */
  public static final WeightsOptions NONE =
      new WeightsOptions(Optional.empty(), Optional.empty(), Optional.empty());

  private static final List<String> CONFIGS = List.of("open_clip_config.json", "config.json");

  /**
   * @param key of the model in the file, or null
   * @param config a file or an open_clip name, or null
   * @param tokenizer a file, or null
   * @return all three
   */
  public static WeightsOptions of(String key, String config, Path tokenizer) {
    return new WeightsOptions(
        Optional.ofNullable(key), Optional.ofNullable(config), Optional.ofNullable(tokenizer));
  }

  /** What is known of the CLIP beside its weights. */
  Optional<ClipDescription> description(Path weights) {
    if (config.isPresent()) {
      return Optional.of(given(config.get()));
    }
    return beside(weights, CONFIGS).stream()
        .map(ClipConfigFile::read)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static ClipDescription given(String config) {
    Optional<ClipDescription> published = OpenClipModels.named(config);
    Path file = Path.of(config);
    if (Files.isRegularFile(file)) {
      return ClipConfigFile.read(file)
          .orElseThrow(
              () ->
                  new UserError(
                      file
                          + " is not the config of a CLIP: it has neither vision_cfg (open_clip) nor"
                          + " model_type clip (Hugging Face)"));
    }
    return published.orElseThrow(
        () ->
            new UserError(
                "config "
                    + config
                    + " is neither a file nor an open_clip model of two plain transformers; allowed"
                    + " names: "
                    + String.join(
                        ", ",
                        OpenClipModels.all().stream().map(ClipDescription::origin).toList())));
  }

  /** The tokenizer of official weights. */
  TextTokenizer tokenizer(Path weights, TextSizes sizes) {
    List<String> names = sizes.tokenizerFiles();
    Path file =
        tokenizer
            .or(() -> beside(weights, names).stream().findFirst())
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: its text side needs a tokenizer, and none is beside it (%s). Give the model's own tokenizer"
                            .formatted(weights, String.join(" or ", names))));
    try {
      return sizes.tokenizer(file);
    } catch (UserError e) {
      throw new UserError(e.getMessage() + ". Give the model's own tokenizer", e);
    }
  }

  /**
   * @param weights a file of weights
   * @param names of other files
   * @return those that stand in the same folder
   */
  public static List<Path> beside(Path weights, List<String> names) {
    return names.stream().map(weights::resolveSibling).filter(Files::isRegularFile).toList();
  }
}
