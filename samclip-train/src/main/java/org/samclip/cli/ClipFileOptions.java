package org.samclip.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.model.ClipFiles;
import picocli.CommandLine.Option;

/** Options for what official CLIP weights need beside them. */
final class ClipFileOptions {

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
          "Tokenizer of official CLIP weights: tokenizer.json or bpe_simple_vocab_16e6.txt.gz; else the"
              + " one beside the weights.")
  private Path tokenizer;

  ClipFiles files() {
    if (tokenizer != null && !Files.isRegularFile(tokenizer)) {
      throw new UserError("--tokenizer " + tokenizer + ": no such file");
    }
    return ClipFiles.of(config, tokenizer);
  }
}
