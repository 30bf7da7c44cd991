package org.samclip.checkpoint;

/**
 * What stands in a pickle and is not read: an object of a class that is no plain data, the class
 * itself, or a tensor of a type that no model here has. Nothing of it is kept but what it is.
 */
final class Placeholder {

  private final String what;

  /**
   * @param what the full Python name of its class or function, or words such as {@code tensor of
   *     type torch.complex64}
   */
  Placeholder(String what) {
    this.what = what;
  }

  @Override
  public String toString() {
    return what;
  }
}
