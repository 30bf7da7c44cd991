package org.samclip.student;

import java.util.Map;

/**
 * What heads read of a backbone.
 *
 * @param last tokens after the last block; of a plain ViT after its last norm
 * @param blocks tokens after inner blocks, by their index from 0, as the block gives them
 */
public record BackboneFeatures(Tokens last, Map<Integer, Tokens> blocks) {

  public BackboneFeatures {
    blocks = Map.copyOf(blocks);
  }
}
