package org.samclip;

/**
 * A mistake that the user can repair: a wrong key, value, file or device. The message names the key
 * or file, the value found, what is allowed and the likely fix. The command line prints the message
 * alone and exits with code 2; a library caller catches it like any runtime exception.
 */
public class UserError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * @param message key or file, value, what is allowed, likely fix
   */
  public UserError(String message) {
    super(message);
  }

  /**
   * @param message key or file, value, what is allowed, likely fix
   * @param cause what was caught
   */
  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
