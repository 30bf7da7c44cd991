package org.samclip.train.recipe;

/**
 * A frozen network that a student learns from. What it is, is told by its weights.
 *
 * @param weights a file: samclip's own, or public weights of a known kind; or {@value
 *     TeacherSpec#EMBEDDED} and the name of a model that samclip ships
 * @param weightsKey which of several models in the file: what stands before its tensors' names
 * @param config of weights that samclip did not write and whose sizes they do not tell: a
 *     config.json or open_clip_config.json, or the name of a published open_clip model; else the
 *     one in the weights' folder
 * @param tokenizer of such weights with a text tower; else the one in the weights' folder
 * @param licence terms of the weights, for provenance; absent: as the file says
 */
public record TeacherSpec(
    String weights,
    @Optional String weightsKey,
    @Optional String config,
    @Optional String tokenizer,
    @Optional String licence) {

  /** What {@code weights} begin with that samclip ships. */
  public static final String EMBEDDED = "embedded:";

  /** Checks that nothing stands beside an embedded teacher, which has everything within. */
  public TeacherSpec {
    Check.notBlank("weights", weights);
    if (weights.startsWith(EMBEDDED)) {
      absent("weights_key", weightsKey);
      absent("config", config);
      absent("tokenizer", tokenizer);
    }
    if (licence != null) {
      Check.notBlank("licence", licence);
    }
  }

  private static void absent(String key, String value) {
    Check.that(value == null, key, "'" + value + "'", "nothing, as the weights are embedded");
  }
}
