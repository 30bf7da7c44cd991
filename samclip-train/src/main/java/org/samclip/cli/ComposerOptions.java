package org.samclip.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.CompositionForm;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.ProposalSettings;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/**
 * Options of the commands that turn cosines with class names into labels and compose both heads.
 */
final class ComposerOptions {

  private static final ScoreSettings SCORES = CompositionSettings.DEFAULT.scores();
  private static final ProposalSettings MASKS = CompositionSettings.DEFAULT.masks();

  @Option(
      names = "--form",
      paramLabel = "FORM",
      description =
          "How both heads are composed. scores_first: where the CLIP head finds a class, the SAM head"
              + " draws it (the paper); masks_first: the SAM head draws what is there, the CLIP head"
              + " names each mask.")
  private CompositionForm form = CompositionSettings.DEFAULT.form();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Cosines with texts are divided by it before the softmax.")
  private double temperature = SCORES.temperature();

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description =
          "Least confidence, 0 to 1, of a point, of a mask's name, or of what is not background.")
  private double threshold = SCORES.threshold();

  @Option(
      names = "--points",
      paramLabel = "N",
      description = "Points for each text, when both heads are composed.")
  private int points = SCORES.points();

  @Option(
      names = "--proposals",
      paramLabel = "scores|grid",
      description =
          "masks_first: masks are drawn from the CLIP head's points for each text, or from a grid of"
              + " points.")
  private ProposalSettings.Points proposals = MASKS.proposals();

  @Option(
      names = "--grid",
      paramLabel = "N",
      description = "masks_first: the grid has N x N points.")
  private int grid = MASKS.grid();

  @Option(
      names = "--predicted-iou",
      paramLabel = "IOU",
      description = "masks_first: least IoU, 0 to 1, that the SAM head predicts of a mask.")
  private double predictedIou = MASKS.predictedIou();

  @Option(
      names = "--stability",
      paramLabel = "IOU",
      description = "masks_first: least stability, 0 to 1, of a mask: its IoU at logits 1 and -1.")
  private double stability = MASKS.stability();

  @Option(
      names = "--overlap",
      paramLabel = "IOU",
      description = "masks_first: of masks whose boxes overlap more, 0 to 1, the surest stays.")
  private double overlap = MASKS.overlap();

  /** What the flags are called as options of a protocol. */
  private static Map<String, String> keys() {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("--form", "form");
    keys.put("--temperature", "temperature");
    keys.put("--threshold", "threshold");
    keys.put("--points", "points");
    keys.put("--proposals", "masks.proposals");
    keys.put("--grid", "masks.grid");
    keys.put("--predicted-iou", "masks.predicted_iou");
    keys.put("--stability", "masks.stability");
    keys.put("--overlap", "masks.overlap");
    return keys;
  }

  /**
   * @param parsed the command line
   * @return of the flags that it has the values, by what they are called as options of a protocol
   */
  Map<String, String> given(ParseResult parsed) {
    Map<String, String> given = new LinkedHashMap<>();
    keys()
        .forEach(
            (flag, key) -> {
              if (parsed.hasMatchedOption(flag)) {
                given.put(key, parsed.matchedOption(flag).stringValues().get(0));
              }
            });
    return given;
  }

  CompositionSettings settings() {
    return new CompositionSettings(
        form,
        new ScoreSettings(temperature, threshold, points, SCORES.logitRange()),
        new ProposalSettings(proposals, grid, predictedIou, stability, overlap));
  }
}
