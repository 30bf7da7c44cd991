package org.samclip.data.source;

import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fields that no task needs, such as captions in distillation. A sample does without one that
 * is damaged, too large or no text; that it has none shows where samples with text are counted, and
 * the first one is told.
 */
final class SpareFields {

  private static final Logger LOG = LoggerFactory.getLogger(SpareFields.class);

  /** All fields are needed. */
  static final SpareFields NONE = new SpareFields("", Set.of());

  private final String source;
  private final Set<String> names;
  private final AtomicBoolean told = new AtomicBoolean();

  /**
   * @param source what messages call it
   * @param names of the fields
   */
  SpareFields(String source, Set<String> names) {
    this.source = source;
    this.names = Set.copyOf(names);
  }

  boolean has(String field) {
    return names.contains(field);
  }

  /** Tells of the first field that a sample does without. */
  void without(Exception why) {
    if (told.compareAndSet(false, true)) {
      LOG.warn(
          "{}: {}; as it is not needed here, the sample is used without it (others like it are not"
              + " told)",
          source,
          why.getMessage());
    }
  }
}
