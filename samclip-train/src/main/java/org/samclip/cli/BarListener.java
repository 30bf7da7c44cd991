package org.samclip.cli;

import java.util.Map;
import org.samclip.train.loop.MergeRun;
import org.samclip.train.loop.Trainer;
import org.samclip.train.report.ProgressBar;

/** Shows on a progress bar what a run does; begins a new line for each part. */
final class BarListener implements MergeRun.Listener, AutoCloseable {

  private final ProgressBar bar;
  private String part = "";
  private double waited;

  BarListener(ProgressBar bar) {
    this.bar = bar;
  }

  @Override
  public void onMessage(String line) {
    bar.message(line);
  }

  @Override
  public void onStep(String stage, long step, long end, Trainer.Step result, double waitedSeconds) {
    if (begins(stage)) {
      bar.start(stage, end, (double) step / end);
    }
    double now = Math.max(0, waitedSeconds - waited);
    waited = waitedSeconds;
    bar.update(
        new ProgressBar.Step(step + 1, (step + 1.) / end, result.losses(), result.images(), now));
  }

  @Override
  public void written(String scenes, int done, int total) {
    if (begins("scenes " + scenes)) {
      bar.start("scenes " + scenes, total, 0);
    }
    bar.update(new ProgressBar.Step(done, (double) done / total, Map.of(), 1, 0));
  }

  private boolean begins(String name) {
    if (name.equals(part)) {
      return false;
    }
    part = name;
    waited = 0;
    return true;
  }

  @Override
  public void close() {
    bar.close();
  }
}
