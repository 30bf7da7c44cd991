package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Holds one output of a head against one output of a teacher. */
public interface Objective {

  /** Its name in the recipe. */
  String name();

  /** What its sums are: its loss's terms. */
  List<String> terms();

  /** Its weight in the step's sum. */
  double weight();

  /** The teachers' outputs that it asks for, by the teachers' names. */
  Map<String, Set<String>> asked();

  /** The inner blocks of the backbone that its head reads. */
  Set<Integer> blocks();

  /**
   * Adds its terms for some images to their sums, and what of the backward pass is its own to the
   * gradients.
   *
   * @param pass the images
   * @param factor of the loss beside its weight and the images' share
   * @param sums of the terms, [terms], on the device
   */
  void read(PartPass pass, float factor, NDArray sums);
}
