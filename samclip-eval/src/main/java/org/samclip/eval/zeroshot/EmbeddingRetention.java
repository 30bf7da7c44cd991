package org.samclip.eval.zeroshot;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.UserError;
import org.samclip.eval.metric.RatioScores;

/**
 * How near a model's image embeddings are to its teacher's: mean cosine over the images, each model
 * at its own resolution.
 */
public final class EmbeddingRetention implements ZeroShotClassification.EmbeddingListener {

  private final TeacherEmbeddings teacher;
  private final RatioScores.Builder cosines = new RatioScores.Builder();
  private int image;

  /**
   * @param teacher its embeddings of the same images
   */
  public EmbeddingRetention(TeacherEmbeddings teacher) {
    this.teacher = teacher;
  }

  @Override
  public void onEmbeddings(List<String> images, NDArray embeddings) {
    List<float[]> rows = TeacherEmbeddings.rows(images.size(), embeddings);
    for (int i = 0; i < rows.size(); i++) {
      String key = images.get(i);
      double cosine = dot(rows.get(i), teacher.get(image++, key));
      if (!Double.isFinite(cosine)) {
        throw new UserError(key + ": the model's image embedding is not made of finite numbers");
      }
      cosines.image(key);
      cosines.add(cosine);
    }
  }

  /** The cosine, as both have norm 1. */
  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /**
   * @return mean cosine with the teacher's embeddings
   */
  public RatioScores cosine() {
    return cosines.build();
  }
}
