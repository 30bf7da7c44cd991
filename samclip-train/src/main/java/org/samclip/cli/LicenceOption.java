package org.samclip.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code --licence}: what a written model says of the terms of what went in. */
final class LicenceOption {

  @Option(
      names = "--licence",
      paramLabel = "NAME=TERMS",
      description =
          "Licence or terms of what went into the model, kept in its file: --licence"
              + " sam=Apache-2.0. Can be repeated.")
  private Map<String, String> licences = new LinkedHashMap<>();

  /**
   * @return terms by name
   */
  Map<String, String> licences() {
    return licences;
  }
}
