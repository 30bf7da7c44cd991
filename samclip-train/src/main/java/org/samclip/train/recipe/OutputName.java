package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * One output of a teacher or of a head, as it is written: {@code NAME.OUTPUT}, or {@code NAME} for
 * a head's first output.
 *
 * @param owner name of the teacher or the head
 * @param output its output; null: the first
 */
public record OutputName(String owner, String output) {

  /**
   * @param text as it is written
   * @return the name
   */
  @JsonCreator
  public static OutputName of(String text) {
    int dot = text.indexOf('.');
    OutputName name =
        dot < 0
            ? new OutputName(text, null)
            : new OutputName(text.substring(0, dot), text.substring(dot + 1));
    Check.that(
        !name.owner.isBlank() && (dot < 0 || !name.output.isBlank()),
        "",
        "'" + text + "'",
        "NAME.OUTPUT, such as clip.summary");
    return name;
  }

  @JsonValue
  @Override
  public String toString() {
    return output == null ? owner : owner + "." + output;
  }
}
