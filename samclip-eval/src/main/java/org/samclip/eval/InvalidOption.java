package org.samclip.eval;

import org.samclip.UserError;

/** An option of a protocol that is unknown or outside of what is allowed. */
public final class InvalidOption extends UserError {

  private static final long serialVersionUID = 1L;

  private final String key;
  private final String problem;

  private InvalidOption(String key, String message, String problem) {
    super(message);
    this.key = key;
    this.problem = problem;
  }

  /**
   * @param key of the option; one in a section as {@code section.key}
   * @param found its value
   * @param allowed what it may be
   * @return the error
   */
  public static InvalidOption value(String key, Object found, String allowed) {
    return new InvalidOption(
        key,
        key + ": " + found + " found; allowed: " + allowed,
        "is " + found + "; allowed: " + allowed);
  }

  /**
   * @param key that no option has
   * @param problem the rest of the sentence
   * @return the error
   */
  public static InvalidOption key(String key, String problem) {
    return new InvalidOption(key, key + " " + problem, problem);
  }

  /**
   * Refuses a value.
   *
   * @param isGood whether it is allowed
   * @param key of the option
   * @param found its value
   * @param allowed what it may be
   */
  public static void check(boolean isGood, String key, Object found, String allowed) {
    if (!isGood) {
      throw value(key, found, allowed);
    }
  }

  /**
   * @param section in which the option stands; empty for none
   * @return the same error with the whole path
   */
  public InvalidOption in(String section) {
    return section.isEmpty()
        ? this
        : new InvalidOption(section + "." + key, section + "." + getMessage(), problem);
  }

  /**
   * @return the option, with its sections before it
   */
  public String key() {
    return key;
  }

  /**
   * @return what is wrong, as the rest of a sentence that begins with the key
   */
  public String problem() {
    return problem;
  }
}
