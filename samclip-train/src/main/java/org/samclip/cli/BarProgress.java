package org.samclip.cli;

import java.util.Map;
import org.samclip.data.cache.CacheUse;
import org.samclip.train.report.ProgressBar;

/** Counts images on a progress bar, with a new line for each part. */
final class BarProgress {

  private final ProgressBar bar;
  private String part = "";

  BarProgress(ProgressBar bar) {
    this.bar = bar;
  }

  /** Says that so many of a part's images are done. */
  void done(String now, long done, long total) {
    if (!now.equals(part)) {
      part = now;
      bar.start(now, total, 0);
    }
    bar.update(new ProgressBar.Step(done, (double) done / total, Map.of(), 1, 0, CacheUse.NONE));
  }
}
