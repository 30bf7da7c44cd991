package org.samclip.train.recipe;

import java.util.Map;

/**
 * Holds one output of a head against one output of a teacher.
 *
 * @param head of the student, and its output if it has several; absent in pretraining
 * @param teacher and its output; absent in pretraining
 * @param weight of the objective in the step's sum
 * @param loss terms by name, see {@link TermSpec}; they add up to the objective's loss
 * @param standardise gives the teacher's output a scale of its own; absent: it stays as it is
 * @param grid which grid is resized where student and teacher have different ones; absent: the
 *     larger one, to the smaller
 * @param balance decay of the loss's running mean, by which it is divided, such as 0.99, so that
 *     objectives weigh the same whatever their size; absent: not divided
 * @param texts a file of texts, one a line, for the term {@code similarity}
 * @param target of masks: what the student imitates; absent: {@code soft}
 * @param temperature of masks: by which both sides' logits are divided; absent: 1
 * @param multimask of masks: which of the three multi-mask outputs learn; absent: {@code all}
 */
public record ObjectiveSpec(
    @Optional OutputName head,
    @Optional OutputName teacher,
    double weight,
    Map<String, TermSpec> loss,
    @Optional StandardiseSpec standardise,
    @Optional Grid grid,
    @Optional Double balance,
    @Optional String texts,
    @Optional Target target,
    @Optional Double temperature,
    @Optional Multimask multimask) {

  /** Which grid both sides are brought to. */
  public enum Grid {
    /** The larger one is resized. */
    SMALLER,
    /** The smaller one is resized. */
    LARGER
  }

  /** What the student's logits are held against. */
  public enum Target {
    /** The sigmoid of the teacher's logits. */
    SOFT,
    /** The teacher's mask, thresholded at logit 0: SAM's own focal and dice. */
    HARD
  }

  /** Treatment of the three outputs for one prompt. */
  public enum Multimask {
    /** Only the output with the lowest loss learns. */
    BEST,
    /** All three learn. */
    ALL
  }

  /** Checks weights and ranges. */
  public ObjectiveSpec {
    Check.notNegative("weight", weight);
    loss = Check.names("loss", loss);
    Check.that(!loss.isEmpty(), "loss", "empty", "at least one term, such as {cosine: 1}");
    loss.forEach((name, term) -> term.check(name));
    Check.that(
        loss.values().stream().anyMatch(term -> term.weight() > 0),
        "loss",
        "a list of terms that all weigh 0",
        "one of them above 0, or there is nothing to learn");
    if (balance != null) {
      Check.that(balance > 0 && balance < 1, "balance", balance, "above 0, below 1, such as 0.99");
    }
    if (temperature != null) {
      Check.positive("temperature", temperature);
    }
    Check.that(
        temperature == null || temperature == 1 || target != Target.HARD,
        "temperature",
        temperature,
        "1 with target: hard, as a thresholded mask has no probabilities to soften");
    if (loss.containsKey("focal") && target != Target.HARD) {
      double gamma = TermSpec.or(loss.get("focal").gamma(), 0);
      Check.that(
          gamma == 0 || gamma >= 1,
          "loss.focal.gamma",
          gamma,
          "0, or at least 1, with target: soft (between them the loss has no slope of 0 at the"
              + " teacher)");
    }
  }

  /** Checks that head and teacher are there; their outputs are known once they are built. */
  void check(String key, StudentSpec student, Map<String, TeacherSpec> teachers) {
    Check.that(head != null, key + ".head", "missing", "the name of a head");
    Check.that(teacher != null, key + ".teacher", "missing", "a teacher's output, NAME.OUTPUT");
    Check.known(key + ".head", head.owner(), student.heads().keySet());
    Check.known(key + ".teacher", teacher.owner(), teachers.keySet());
    Check.that(
        teacher.output() != null,
        key + ".teacher",
        "'" + teacher + "'",
        "NAME.OUTPUT, such as '" + teacher + ".summary'");
  }

  /**
   * @param term name of a term
   * @return its weight; 0 if it is not asked for
   */
  public double weightOf(String term) {
    return loss.containsKey(term) ? loss.get(term).weight() : 0;
  }
}
