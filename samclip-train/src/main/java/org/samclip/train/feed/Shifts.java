package org.samclip.train.feed;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.transform.Shift;

/**
 * How far each network sees the images of a batch moved, by whole patches, so that no network's
 * artefacts of position stand where another's do (C-RADIOv4, 2601.17237). The crop is that much
 * larger on each side, so that what moves in is more of it.
 *
 * @param margin most patches to either side
 * @param byViewer shifts by the networks' names; empty: nothing moves
 */
public record Shifts(int margin, Map<String, Shift> byViewer) {

  /** Nothing moves. */
  public static final Shifts NONE = new Shifts(0, Map.of());

  public Shifts {
    byViewer = Map.copyOf(byViewer);
  }

  /**
   * @param margin most patches to either side; 0: nothing moves
   * @param viewers who see the batch
   * @param seed of the feed
   * @param step that the batch is for
   * @param resolution of the batch, side of the student's images in pixels
   * @return a draw for each of the viewers
   */
  static Shifts draw(int margin, List<Viewer> viewers, long seed, long step, int resolution) {
    if (margin == 0) {
      return NONE;
    }
    Map<String, Shift> drawn = new LinkedHashMap<>();
    for (Viewer viewer : viewers) {
      String purpose = "shift/" + resolution + "/" + viewer.name();
      drawn.put(viewer.name(), Shift.draw(margin, KeyHash.seed(seed, step, purpose)));
    }
    return new Shifts(margin, drawn);
  }

  /**
   * @param viewer name of a network
   * @return how far it sees the images moved
   */
  public Shift of(String viewer) {
    return byViewer.getOrDefault(viewer, Shift.NONE);
  }

  /**
   * @param first name of a network
   * @param second name of another one
   * @param height of both grids of patches
   * @param width of both grids of patches
   * @return the same patches on both grids; empty: both see the same patches everywhere
   */
  public Optional<Shift.Overlap> overlap(String first, String second, int height, int width) {
    if (of(first).equals(of(second))) {
      return Optional.empty();
    }
    return Optional.of(
        Shift.overlap(of(first), of(second), width, height, margin)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "no patch is on both grids of %d x %d, moved by %s and %s"
                            .formatted(height, width, of(first), of(second)))));
  }
}
