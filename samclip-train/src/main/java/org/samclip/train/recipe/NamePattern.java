package org.samclip.train.recipe;

import java.util.regex.Pattern;

/**
 * A pattern on whole parameter names: {@code *} stands for any characters (dots too), {@code ?} for
 * one, {@code {a,b}} for either; everything else for itself. {@code image_encoder.*} is the whole
 * encoder, {@code *.bias} every bias.
 */
public final class NamePattern {

  private final String text;
  private final Pattern pattern;

  private NamePattern(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  /**
   * @param text the pattern
   * @throws org.samclip.UserError if a brace is not closed
   */
  public static NamePattern of(String text) {
    StringBuilder regex = new StringBuilder();
    boolean inBraces = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '*') {
        // Two stars mean no more than one, and would only make the matcher slow.
        if (i == 0 || text.charAt(i - 1) != '*') {
          regex.append(".*");
        }
      } else if (c == '?') {
        regex.append('.');
      } else if (c == '{' && !inBraces) {
        inBraces = true;
        regex.append("(?:");
      } else if (c == ',' && inBraces) {
        regex.append('|');
      } else if (c == '}' && inBraces) {
        inBraces = false;
        regex.append(')');
      } else {
        Check.that(
            c != '{' && c != '}', "pattern", "'" + text + "'", "braces in pairs, not nested");
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    Check.that(!inBraces, "pattern", "'" + text + "'", "braces in pairs, not nested");
    return new NamePattern(text, Pattern.compile(regex.toString()));
  }

  /** Whether the whole name matches. */
  public boolean matches(String name) {
    return pattern.matcher(name).matches();
  }

  @Override
  public String toString() {
    return text;
  }
}
