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
   * @param weightsKey which of several models in the file: what stands before its tensors' names
   */
  public record SamTeacherSpec(String weights, @Optional String weightsKey) {

    /** Checks that nothing stands beside the embedded teacher, which has everything within. */
    public SamTeacherSpec {
      Check.notBlank("weights", weights);
      absentIfEmbedded(weights, "weights_key", weightsKey);
    }
  }

  private static void absentIfEmbedded(String weights, String key, String value) {
    if (weights.equals(EMBEDDED)) {
      Check.that(value == null, key, "'" + value + "'", "nothing, as weights is 'embedded'");
    }
  }

  /**
   * @param weights {@value TeachersSpec#EMBEDDED}, or a file: samclip's own, or CLIP of OpenAI,
   *     open_clip or Hugging Face
   * @param weightsKey which of several models in the file: what stands before its tensors' names
   * @param config of weights that samclip did not write: an open_clip_config.json or config.json,
   *     or the name of a published open_clip model; else the one in the weights' folder
   * @param tokenizer of such weights: a tokenizer.json or CLIP's bpe_simple_vocab_16e6.txt.gz; else
   *     the one in the weights' folder
   */
  public record ClipTeacherSpec(
      String weights,
      @Optional String weightsKey,
      @Optional String config,
      @Optional String tokenizer) {

    /** Checks that nothing stands beside the embedded teacher, which has everything within. */
    public ClipTeacherSpec {
      Check.notBlank("weights", weights);
      absentIfEmbedded(weights, "weights_key", weightsKey);
      absentIfEmbedded(weights, "config", config);
      absentIfEmbedded(weights, "tokenizer", tokenizer);
    }
  }
}
