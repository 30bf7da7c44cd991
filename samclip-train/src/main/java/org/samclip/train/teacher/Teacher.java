package org.samclip.train.teacher;

import java.util.Map;
import java.util.TreeMap;
import org.samclip.model.VisionModel;

/**
 * A frozen network with named outputs.
 *
 * @param name in the recipe
 * @param model the network
 * @param hash SHA-256 of its file, for provenance
 * @param licence of its weights as the recipe says it; null: as the file says
 */
public record Teacher(String name, VisionModel model, String hash, String licence) {

  /**
   * @return terms by what they are for: the recipe's word stands over the file's
   */
  public Map<String, String> licences() {
    Map<String, String> all = new TreeMap<>();
    model.provenance().ifPresent(origin -> all.putAll(origin.licences()));
    if (licence != null) {
      all.put(name, licence);
    }
    return all;
  }
}
