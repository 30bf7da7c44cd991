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
   * @param weights {@value TeachersSpec#EMBEDDED}, or a file (safetensors or PyTorch archive)
   */
  public record SamTeacherSpec(String weights) {

    /** Checks that there is a value. */
    public SamTeacherSpec {
      Check.notBlank("weights", weights);
    }
  }

  /**
   * @param weights {@value TeachersSpec#EMBEDDED}, or a file (safetensors or PyTorch archive)
   * @param config model config beside weights that samclip did not write (open_clip_config.json)
   * @param tokenizer Hugging Face tokenizer.json beside such weights
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
