package org.samclip.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.eval.zeroshot.PromptTemplates;

/** The value of {@code --templates}. */
final class TemplateOption {

  /** Five plain sentences. */
  static final String BRIEF = "brief";

  /** CLIP's own 80 sentences. */
  static final String OPENAI = "openai";

  private TemplateOption() {}

  /**
   * @param value a name or a file
   * @return the templates
   * @throws UserError if it is neither
   */
  static PromptTemplates read(String value) {
    if (value.equals(BRIEF)) {
      return PromptTemplates.brief();
    }
    if (value.equals(OPENAI)) {
      return PromptTemplates.openAi();
    }
    Path file = Path.of(value);
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          "--templates " + value + ": no such file; allowed: brief, openai, or a file of lines");
    }
    try {
      return new PromptTemplates(
          TextFile.lines(file).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .toList());
    } catch (IOException e) {
      throw new UserError("--templates " + value + ": cannot be read as UTF-8: " + e, e);
    }
  }
}
