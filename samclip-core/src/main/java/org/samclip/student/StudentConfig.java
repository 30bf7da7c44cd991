package org.samclip.student;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;
import org.samclip.model.VisionModel;
import org.samclip.nn.SizeLimits;

/**
 * Sizes of a student.
 *
 * @param backbone what all heads stand on
 * @param heads by name, in order; a name has letters, digits, _ and -
 */
public record StudentConfig(BackboneConfig backbone, Map<String, HeadConfig> heads) {

  /** Heads of a student. */
  private static final int MAX_HEADS = 64;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  /** First parts of other parameters' names, and outputs of a model that are no head's own. */
  private static final Set<String> RESERVED =
      Set.of(
          Student.BACKBONE,
          "prompt_encoder",
          "mask_decoder",
          "text",
          VisionModel.SUMMARY,
          VisionModel.SPATIAL,
          MergedModel.NECK);

  public StudentConfig {
    SizeLimits.present("student", "backbone", backbone);
    SizeLimits.present("student", "heads", heads);
    SizeLimits.check("student", "number of heads", heads.size(), 0, MAX_HEADS);
    heads.forEach(StudentConfig::check);
    heads = Collections.unmodifiableMap(new LinkedHashMap<>(heads));
  }

  private static void check(String name, HeadConfig head) {
    if (!NAME.matcher(name).matches()) {
      throw new UserError(
          "student: head name \"%s\"; allowed: up to 64 letters, digits, _ and -"
              .formatted(Printable.of(name)));
    }
    if (RESERVED.contains(name)) {
      throw new UserError(
          "student: head name \"%s\" is taken by other parts of the model; choose another, such as %s_head"
              .formatted(name, name));
    }
    SizeLimits.present("student", "head " + name, head);
  }
}
