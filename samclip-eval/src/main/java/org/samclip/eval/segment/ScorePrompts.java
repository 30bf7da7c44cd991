package org.samclip.eval.segment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ScoreSettings;

/**
 * Makes prompts for the SAM head from the CLIP head's scores of one image. A token's confidence in
 * a class is the softmax of the cosines at a temperature; the mask prompt is the log-odds of that
 * confidence, cut to the range of SAM's logits: above 0 the class is likelier than all others
 * together, as in SAM's own masks.
 *
 * @param rows h of the token grid
 * @param columns w of the token grid
 * @param validRows tokens below are padding
 * @param validColumns tokens to the right are padding
 * @param settings temperature, threshold, number of points, range of logits
 */
record ScorePrompts(
    int rows, int columns, int validRows, int validColumns, ScoreSettings settings) {

  /**
   * @param rows h of the token grid
   * @param columns w of the token grid
   * @param frame where the image lies in the input
   * @param side S, side of the square input in pixels
   * @param settings temperature, threshold, number of points, range of logits
   * @return the maker of prompts; a token is of the image when its centre is
   */
  static ScorePrompts of(
      int rows, int columns, SamPreprocess.Frame frame, int side, ScoreSettings settings) {
    return new ScorePrompts(
        rows,
        columns,
        Math.max(1, Math.round((float) frame.height() * rows / side)),
        Math.max(1, Math.round((float) frame.width() * columns / side)),
        settings);
  }

  /**
   * @param token row or column of a token
   * @param tokens rows or columns of the grid
   * @param side S in pixels
   * @return the token's middle; pixels are counted from their centres, so that of 16 is 7.5
   */
  static float pixel(int token, int tokens, int side) {
    return (token + .5f) * side / tokens - .5f;
  }

  /**
   * A class to prompt for.
   *
   * @param position its place among the named classes
   * @param logits {@code [h, w]} mask prompt
   * @param tokens indices {@code y * w + x} of the tokens to point at
   */
  record Candidate(int position, float[] logits, List<Integer> tokens) {}

  /**
   * The classes that win at least one token with enough confidence.
   *
   * @param scores {@code [K, h, w]} cosines in row-major order
   * @param unprompted position of a class that can win tokens but is no candidate; -1 for none
   * @param mayBeNone whether there can be no candidate; otherwise the class of the most confident
   *     token is one in any case
   * @return candidates in the order of the classes
   */
  List<Candidate> candidates(float[] scores, int unprompted, boolean mayBeNone) {
    int tokens = rows * columns;
    int classes = scores.length / tokens;
    double[] confidence = new double[scores.length];
    int[] winner = new int[tokens];
    for (int token = 0; token < tokens; token++) {
      softmax(scores, classes, tokens, token, confidence);
      winner[token] = isValid(token) ? highest(confidence, classes, tokens, token) : -1;
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      if (c != unprompted) {
        List<Integer> ranked = ranked(confidence, winner, c, settings.threshold());
        if (!ranked.isEmpty()) {
          candidates.add(candidate(c, ranked, confidence));
        }
      }
    }
    if (candidates.isEmpty() && !mayBeNone) {
      int best =
          IntStream.range(0, tokens)
              .filter(token -> winner[token] >= 0)
              .boxed()
              .max(
                  Comparator.comparingDouble(
                      (Integer token) -> confidence[winner[token] * tokens + token]))
              .orElseThrow();
      int c = winner[best];
      candidates.add(candidate(c, ranked(confidence, winner, c, 0), confidence));
    }
    return candidates;
  }

  private void softmax(float[] scores, int classes, int tokens, int token, double[] confidence) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      highest = Math.max(highest, scores[c * tokens + token]);
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      int at = c * tokens + token;
      confidence[at] = Math.exp((scores[at] - highest) / settings.temperature());
      sum += confidence[at];
    }
    for (int c = 0; c < classes; c++) {
      confidence[c * tokens + token] /= sum;
    }
  }

  private static int highest(double[] confidence, int classes, int tokens, int token) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (confidence[c * tokens + token] > confidence[best * tokens + token]) {
        best = c;
      }
    }
    return best;
  }

  /** Tokens that a class wins with enough confidence, the surest first. */
  private List<Integer> ranked(double[] confidence, int[] winner, int c, double threshold) {
    int tokens = winner.length;
    return IntStream.range(0, tokens)
        .filter(token -> winner[token] == c && confidence[c * tokens + token] >= threshold)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer token) -> -confidence[c * tokens + token])
                .thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private Candidate candidate(int c, List<Integer> ranked, double[] confidence) {
    int tokens = rows * columns;
    float range = (float) settings.logitRange();
    float[] logits = new float[tokens];
    for (int token = 0; token < tokens; token++) {
      double p = confidence[c * tokens + token];
      double odds = isValid(token) ? Math.log(p) - Math.log1p(-p) : Double.NEGATIVE_INFINITY;
      logits[token] = (float) Math.max(-range, Math.min(range, odds));
    }
    return new Candidate(c, logits, apart(ranked));
  }

  /** The first tokens of which none touches another: neighbours would say the same twice. */
  private List<Integer> apart(List<Integer> ranked) {
    List<Integer> chosen = new ArrayList<>();
    for (int token : ranked) {
      if (chosen.size() == settings.points()) {
        break;
      }
      if (chosen.stream().noneMatch(other -> touch(token, other))) {
        chosen.add(token);
      }
    }
    return chosen;
  }

  private boolean touch(int a, int b) {
    return Math.abs(a / columns - b / columns) <= 1 && Math.abs(a % columns - b % columns) <= 1;
  }

  /**
   * @param token index {@code y * w + x}
   * @return whether it is of the image and not padding
   */
  boolean isValid(int token) {
    return token / columns < validRows && token % columns < validColumns;
  }
}
