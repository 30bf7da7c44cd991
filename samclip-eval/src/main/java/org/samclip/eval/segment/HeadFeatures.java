package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * What one pass of the backbone gives for both heads, all on the same token grid.
 *
 * @param patches {@code [B, E, h, w]} in the space of the texts, L2 norm 1 over E
 * @param tokens {@code [B, h, w, C]} of which {@link TwoHeadModel#embedRegions} pools some
 * @param neck {@code [B, N, h, w]} that masks are drawn from
 */
public record HeadFeatures(NDArray patches, NDArray tokens, NDArray neck) {

  /**
   * @param i which image of the batch
   * @param manager what the result shall belong to
   * @return its features, with a batch of 1
   */
  public HeadFeatures one(int i, NDManager manager) {
    return new HeadFeatures(
        cut(patches, i, manager), cut(tokens, i, manager), cut(neck, i, manager));
  }

  private static NDArray cut(NDArray batch, int i, NDManager manager) {
    NDArray one = batch.get("{}:{}", i, i + 1);
    one.attach(manager);
    return one;
  }
}
