package org.samclip.train.recipe;

import org.samclip.UserError;

/**
 * A recipe value outside what is allowed. Thrown by the compact constructors, which know the key
 * but not the file; {@link RecipeReader} catches it and adds file and full path.
 */
final class InvalidValue extends UserError {

  private static final long serialVersionUID = 1L;

  private final String key;
  private final String problem;

  /**
   * @param key key of the record that holds the value; empty if the value is the record itself
   * @param problem value found and what is allowed, as the rest of a sentence
   */
  InvalidValue(String key, String problem) {
    super(key.isEmpty() ? problem : "'" + key + "' " + problem);
    this.key = key;
    this.problem = problem;
  }

  String key() {
    return key;
  }

  String problem() {
    return problem;
  }
}
