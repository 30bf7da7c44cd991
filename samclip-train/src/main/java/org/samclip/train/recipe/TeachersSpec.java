package org.samclip.train.recipe;

/**
 * The two teachers (paper); both stay frozen.
 *
 * @param sam where the backbone and the mask decoder come from, and who gives the masks
 * @param clip who gives image embeddings, and whose text tower stays
 */
public record TeachersSpec(SamTeacherSpec sam, ClipTeacherSpec clip) {

  /** The value of {@code weights} that means the teacher shipped with samclip. */
  public static final String EMBEDDED = "embedded";

  /**
   * @param weights {@value TeachersSpec#EMBEDDED}, or a file: samclip's own, or SAM of
   *     segment-anything or Hugging Face
   */
  public record SamTeacherSpec(String weights) {

    /** Checks that there is a value. */
    public SamTeacherSpec {
      Check.notBlank("weights", weights);
    }
  }

  /**
   * @param weights {@value TeachersSpec#EMBEDDED}, or a file: samclip's own, or CLIP of OpenAI,
   *     open_clip or Hugging Face
   * @param config of weights that samclip did not write: an open_clip_config.json or config.json,
   *     or the name of a published open_clip model; else the one in the weights' folder
   * @param tokenizer of such weights: a tokenizer.json or CLIP's bpe_simple_vocab_16e6.txt.gz; else
   *     the one in the weights' folder
   */
  public record ClipTeacherSpec(
      String weights, @Optional String config, @Optional String tokenizer) {

    /** Checks that nothing stands beside the embedded teacher, which has everything within. */
    public ClipTeacherSpec {
      Check.notBlank("weights", weights);
      if (weights.equals(EMBEDDED)) {
        absent("config", config);
        absent("tokenizer", tokenizer);
      }
    }

    private static void absent(String key, String value) {
      Check.that(value == null, key, "'" + value + "'", "nothing, as weights is 'embedded'");
    }
  }
}
