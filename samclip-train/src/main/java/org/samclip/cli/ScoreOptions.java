package org.samclip.cli;

import org.samclip.eval.ScoreSettings;
import picocli.CommandLine.Option;

/** Options of the commands that turn cosines with class names into points and mask prompts. */
final class ScoreOptions {

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Cosines with texts are divided by it before the softmax.")
  private double temperature = ScoreSettings.DEFAULT.temperature();

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = "Least confidence, 0 to 1, of a point or of what is not background.")
  private double threshold = ScoreSettings.DEFAULT.threshold();

  @Option(
      names = "--points",
      paramLabel = "N",
      description = "Points for each text, when both heads are composed.")
  private int points = ScoreSettings.DEFAULT.points();

  ScoreSettings settings() {
    return new ScoreSettings(temperature, threshold, points, ScoreSettings.DEFAULT.logitRange());
  }
}
