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
   * @param config model config beside the weights (open_clip_config.json)
   * @param tokenizer Hugging Face tokenizer.json
   */
  public record ClipTeacherSpec(
      String weights, @Optional String config, @Optional String tokenizer) {

    /** Checks that weights of one's own come with their config and tokenizer. */
    public ClipTeacherSpec {
      Check.notBlank("weights", weights);
      boolean own = !weights.equals(EMBEDDED);
      together("config", config, own);
      together("tokenizer", tokenizer, own);
    }

    private static void together(String key, String value, boolean own) {
      if (own) {
        Check.that(
            value != null && !value.isBlank(), key, "missing", "a file, as weights is a file");
      } else {
        Check.that(value == null, key, "'" + value + "'", "nothing, as weights is 'embedded'");
      }
    }
  }
}
