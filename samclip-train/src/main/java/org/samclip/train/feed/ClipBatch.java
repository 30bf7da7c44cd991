package org.samclip.train.feed;

import java.util.List;
import java.util.Map;
import org.samclip.data.replay.Position;

/**
 * Images of D_CLIP with the views of student and teacher.
 *
 * @param student as the student sees the crops: at the step's resolution, SAM's normalisation
 * @param teacher as the CLIP teacher sees the same crops: at its own resolution and normalisation
 * @param texts captions, or nulls
 * @param mix images by the name of their source; empty where there is only one
 * @param after the stream's position behind this batch, for a checkpoint
 */
public record ClipBatch(
    ImageView student, ImageView teacher, List<String> texts, Map<String, Long> mix, Position after)
    implements Batch {

  @Override
  public long bytes() {
    // At equal sides both see the same images.
    return student.bytes() + (student.side() == teacher.side() ? 0 : teacher.bytes());
  }
}
