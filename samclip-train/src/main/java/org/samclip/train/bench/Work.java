package org.samclip.train.bench;

/** Something to be measured: made ready when constructed, done again at each {@link #run}. */
interface Work extends AutoCloseable {

  /** Does it once. */
  void run();

  /**
   * @return floating-point operations of matrix products in one run; 0 where they do not matter
   */
  default double operations() {
    return 0;
  }

  /**
   * @return images in one run; 0 where they do not matter
   */
  default int images() {
    return 0;
  }

  /**
   * @return bytes that one run moves from or to memory or disk; 0 where they do not matter
   */
  default double bytes() {
    return 0;
  }

  @Override
  void close();
}
