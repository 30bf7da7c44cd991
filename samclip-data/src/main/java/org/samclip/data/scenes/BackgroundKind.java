package org.samclip.data.scenes;

/** What is behind the objects, and the adjective that captions use for it. */
public enum BackgroundKind {
  /** One colour. */
  PLAIN("plain"),
  /** A change from one colour to another along a line. */
  LINEAR_GRADIENT("gradient"),
  /** A change from one colour to another away from a point. */
  RADIAL_GRADIENT("radial"),
  /** Value noise of several octaves. */
  NOISE("cloudy"),
  /** Parallel stripes. */
  STRIPES("striped"),
  /** A checkerboard. */
  CHECKS("checked"),
  /** Round spots on a grid. */
  SPOTS("spotted"),
  /** Stripes bent to waves. */
  WAVES("wavy");

  private final String word;

  BackgroundKind(String word) {
    this.word = word;
  }

  /** The adjective in captions. */
  public String word() {
    return word;
  }
}
