package org.samclip.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An object of a TorchScript archive, as its pickle describes it: attributes by name. Its class is
 * only a name here; its code, which lies beside the pickle, is never read.
 *
 * @param attributes tensors, plain values and further objects; may contain the object itself
 */
record ScriptObject(Map<String, Object> attributes) {

  ScriptObject() {
    this(new LinkedHashMap<>());
  }

  /** Identity: a structure that contains itself has no hash of its contents. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
