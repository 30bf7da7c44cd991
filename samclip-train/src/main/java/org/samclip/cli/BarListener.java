package org.samclip.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.data.cache.CacheUse;
import org.samclip.train.report.ProgressBar;
import org.samclip.train.run.MergeRun;
import org.samclip.train.stage.Trainer;

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
    bar.close(); // ends the line of the stage before
    bar.message(line);
  }

  @Override
  public void onStage(String stage, long step, long end) {
    part = stage;
    waited = 0;
    bar.start(stage, end, (double) step / end);
  }

  @Override
  public void onStep(String stage, long step, long end, Trainer.Step result, SoFar soFar) {
    double now = Math.max(0, soFar.waitedSeconds() - waited);
    waited = soFar.waitedSeconds();
    double done = (step + 1.) / end;
    bar.update(
        new ProgressBar.Step(
            step + 1, done, totals(result.losses()), result.images(), now, soFar.cache()));
  }

  /** Without the parts of a loss, such as sam_dice beside sam. */
  private static Map<String, Double> totals(Map<String, Double> losses) {
    Map<String, Double> totals = new LinkedHashMap<>(losses);
    losses.keySet().forEach(name -> totals.keySet().removeIf(n -> n.startsWith(name + "_")));
    return totals;
  }

  @Override
  public void written(String scenes, int done, int total) {
    String name = "scenes " + scenes;
    if (!name.equals(part)) {
      part = name;
      bar.start(name, total, 0);
    }
    bar.update(new ProgressBar.Step(done, (double) done / total, Map.of(), 1, 0, CacheUse.NONE));
  }

  @Override
  public void close() {
    bar.close();
  }
}
