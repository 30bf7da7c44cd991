package org.samclip.eval;

/**
 * Samples that can be loaded one by one.
 *
 * @param <T> a decoded sample
 */
public interface EvaluationSet<T> {

  /**
   * @return what messages call it
   */
  String name();

  /**
   * @return number of samples
   */
  int size();

  /**
   * Reads and decodes a sample.
   *
   * @param index 0 to size - 1
   * @return the sample
   * @throws org.samclip.data.BrokenSampleException if it cannot be used
   */
  T load(int index);
}
