package org.samclip.eval.zeroshot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.samclip.UserError;

/**
 * Sentences into which a class name is put before it is embedded.
 *
 * @param templates at least one; each has {@code {}} where the name goes
 */
public record PromptTemplates(List<String> templates) {

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
   * @param className a class, such as {@code cat}
   * @return the templates with the name put in
   */
  public List<String> fill(String className) {
    return templates.stream().map(template -> template.replace(SLOT, className)).toList();
  }
}
