package org.samclip.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.Tokenizer;

/**
 * What is said of a file of weights: which of several models in it, and what official CLIP weights
 * need beside them. Of the latter, what is not given is looked for in the weights' folder.
 *
 * @param key what stands before the names of the model's tensors, such as {@code model_ema}; empty
 *     where the file holds one model
 * @param config an {@code open_clip_config.json} or {@code config.json}, or the name of a published
 *     open_clip model
 * @param tokenizer a {@code tokenizer.json} or CLIP's {@code bpe_simple_vocab_16e6.txt.gz}
 */
public record WeightsOptions(
    Optional<String> key, Optional<String> config, Optional<Path> tokenizer) {

  /** Nothing is given: what is needed stands beside the weights or inside them. */
  public static final WeightsOptions NONE =
      new WeightsOptions(Optional.empty(), Optional.empty(), Optional.empty());

  static final String CONFIG_KEYS =
      "it is teachers.clip.config in a recipe and --config on the command line";
  private static final String TOKENIZER_KEYS =
      "it is teachers.clip.tokenizer in a recipe and --tokenizer on the command line";

  private static final List<String> CONFIGS = List.of("open_clip_config.json", "config.json");
  private static final List<String> TOKENIZERS =
      List.of("tokenizer.json", "bpe_simple_vocab_16e6.txt.gz");

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
  Tokenizer tokenizer(Path weights, ClipConfig.Text sizes) {
    Path file =
        tokenizer
            .or(() -> beside(weights, TOKENIZERS).stream().findFirst())
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: a CLIP needs a tokenizer, and none is beside it (%s). Give one; %s"
                            .formatted(weights, String.join(" or ", TOKENIZERS), TOKENIZER_KEYS)));
    Tokenizer read = Tokenizer.read(file, sizes.contextLength());
    try {
      requireFit(file, read, sizes.vocabSize());
      return read;
    } catch (UserError e) {
      read.close();
      throw e;
    }
  }

  /** The text tower looks up every id, and takes the place of the largest one as a text's end. */
  private static void requireFit(Path file, Tokenizer tokenizer, int vocabSize) {
    long[] ids = tokenizer.encode(List.of("a photo"))[0];
    long largest = Arrays.stream(ids).max().orElse(0);
    int last = ids.length - 1;
    while (last > 0 && ids[last] == 0) {
      last--;
    }
    if (largest >= vocabSize) {
      throw new UserError(
          "tokenizer %s gives token id %d; the text tower has %d tokens. Give the model's own; %s"
              .formatted(file, largest, vocabSize, TOKENIZER_KEYS));
    }
    if (ids[last] != largest) {
      throw new UserError(
          "tokenizer %s does not end a text with its largest token id, as CLIP's text tower needs it. Give the model's own; %s"
              .formatted(file, TOKENIZER_KEYS));
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
