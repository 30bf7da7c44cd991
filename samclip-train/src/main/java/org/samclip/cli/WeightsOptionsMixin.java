package org.samclip.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.model.WeightsOptions;
import picocli.CommandLine.Option;

/** Options for a file of weights: which model in it, and what official CLIP weights need. */
final class WeightsOptionsMixin {

  @Option(
      names = "--weights-key",
      paramLabel = "KEY",
      description =
          "Which of several models in the file: what stands before its tensors' names, such as"
              + " model_ema or state_dict.teacher.")
  private String key;

  @Option(
      names = "--config",
      paramLabel = "FILE|NAME",
      description =
          "Config of official CLIP weights: open_clip_config.json, config.json, or an open_clip model"
              + " such as ViT-L-14; else the one beside the weights.")
  private String config;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description =
          "Tokenizer of official weights: tokenizer.json, bpe_simple_vocab_16e6.txt.gz (CLIP) or"
              + " spiece.model (SigLIP); else the one beside the weights.")
  private Path tokenizer;

  WeightsOptions options() {
    if (tokenizer != null && !Files.isRegularFile(tokenizer)) {
      throw new UserError("--tokenizer " + tokenizer + ": no such file");
    }
    return WeightsOptions.of(key, config, tokenizer);
  }
}
