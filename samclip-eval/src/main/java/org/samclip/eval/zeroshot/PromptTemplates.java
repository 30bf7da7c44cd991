package org.samclip.eval.zeroshot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.eval.InvalidOption;

/**
 * Sentences into which a class name is put before it is embedded.
 *
 * @param templates at least one; each has {@code {}} where the name goes
 */
public record PromptTemplates(List<String> templates) {

  /** Five plain sentences. */
  public static final String BRIEF = "brief";

  /** CLIP's own 80 sentences. */
  public static final String OPENAI = "openai";

  private static final String SLOT = "{}";

  /** Checks that there is a template and each has a place for the name. */
  public PromptTemplates {
    templates = List.copyOf(templates);
    if (templates.isEmpty()) {
      throw new UserError(
          "templates: the list is empty; give at least one, such as \"a photo of a {}\"");
    }
    for (String template : templates) {
      if (!template.contains(SLOT)) {
        throw new UserError("templates: \"" + template + "\" has no {} where the class name goes");
      }
    }
  }

  /**
   * @return the 80 templates of CLIP's ImageNet evaluation (Radford et al. 2021, section 3.1.4)
   */
  public static PromptTemplates openAi() {
    String name = "openai-imagenet-templates.txt";
    try (InputStream in = PromptTemplates.class.getResourceAsStream(name)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new PromptTemplates(text.lines().filter(line -> !line.startsWith("#")).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(name + " in the jar", e);
    }
  }

  /**
   * @return five plain templates for text towers of a small vocabulary
   */
  public static PromptTemplates brief() {
    return new PromptTemplates(
        List.of(
            "a {}",
            "a photo of a {}",
            "a picture of a {}",
            "an image of a {}",
            "a drawing of a {}"));
  }

  /**
   * @param name {@value #OPENAI}, {@value #BRIEF}, or a file of sentences, one a line; empty lines
   *     and those that begin with # do not count
   * @return the templates
   * @throws InvalidOption if it is neither
   */
  public static PromptTemplates named(String name) {
    if (name.equals(BRIEF)) {
      return brief();
    }
    if (name.equals(OPENAI)) {
      return openAi();
    }
    String allowed = "brief, openai, or a file of lines";
    Path file = Path.of(name);
    if (!Files.isRegularFile(file)) {
      throw InvalidOption.value("templates", name, allowed + "; there is no such file");
    }
    try {
      return new PromptTemplates(
          TextFile.lines(file).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .toList());
    } catch (IOException e) {
      throw new UserError("templates: " + name + " cannot be read as UTF-8: " + e, e);
    }
  }

  /**
   * @param className a class, such as {@code cat}
   * @return the templates with the name put in
   */
  public List<String> fill(String className) {
    return templates.stream().map(template -> template.replace(SLOT, className)).toList();
  }
}
