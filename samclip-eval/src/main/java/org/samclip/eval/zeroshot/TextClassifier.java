package org.samclip.eval.zeroshot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.UserError;
import org.samclip.kernel.Kernels;

/**
 * A classifier made of text: one embedding per class, the normalised mean of the normalised
 * embeddings of its sentences (Radford et al. 2021, section 3.1.4).
 */
public final class TextClassifier implements AutoCloseable {

  /** Texts embedded at once; bounds the memory of the text tower. */
  private static final int TEXTS_PER_PASS = 256;

  private final List<String> classes;
  private final NDManager manager;
  private final NDArray embeddings;

  private TextClassifier(List<String> classes, NDManager manager, NDArray embeddings) {
    this.classes = classes;
    this.manager = manager;
    this.embeddings = embeddings;
  }

  /**
   * Embeds the classes.
   *
   * @param parent owner of the classifier, on the model's device
   * @param model the model whose text tower is used
   * @param classes class names, at least one
   * @param templates the sentences
   * @return the classifier, which can be closed before its owner
   */
  public static TextClassifier of(
      NDManager parent, ImageTextModel model, List<String> classes, PromptTemplates templates) {
    if (classes.isEmpty()) {
      throw new UserError("the list of classes is empty; there is nothing to choose from");
    }
    NDManager manager = parent.newSubManager();
    NDList rows = new NDList();
    for (String className : classes) {
      try (NDManager step = manager.newSubManager()) {
        NDArray row = Kernels.normalize(sum(step, model, templates.fill(className)));
        row.attach(manager);
        rows.add(row);
      }
    }
    NDArray embeddings = NDArrays.concat(rows);
    rows.forEach(NDArray::close);
    return new TextClassifier(List.copyOf(classes), manager, embeddings);
  }

  /** Sum {@code [1, E]} of the texts' embeddings, which points where the mean does. */
  private static NDArray sum(NDManager manager, ImageTextModel model, List<String> texts) {
    NDArray sum = null;
    for (int from = 0; from < texts.size(); from += TEXTS_PER_PASS) {
      List<String> part = texts.subList(from, Math.min(texts.size(), from + TEXTS_PER_PASS));
      NDArray partSum = model.embedTexts(manager, part).sum(new int[] {0}, true);
      sum = sum == null ? partSum : sum.add(partSum);
    }
    return sum;
  }

  /**
   * @return the class names, in the order of the scores
   */
  public List<String> classes() {
    return classes;
  }

  /**
   * @return {@code [K, E]} float32, each row of L2 norm 1
   */
  public NDArray embeddings() {
    return embeddings;
  }

  /**
   * Cosines of image embeddings and classes.
   *
   * @param images {@code [B, E]}, normalised
   * @return {@code [B, K]}, belonging to the manager of {@code images}
   */
  public NDArray scores(NDArray images) {
    return images.matMul(embeddings.transpose());
  }

  /**
   * Cosines of patch features and classes.
   *
   * @param features {@code [B, E, h, w]}, normalised over E
   * @return {@code [B, K, h, w]}, belonging to the manager of {@code features}
   */
  public NDArray scoreMaps(NDArray features) {
    long batch = features.getShape().get(0);
    long width = features.getShape().get(1);
    long rows = features.getShape().get(2);
    long columns = features.getShape().get(3);
    NDArray perPatch = features.reshape(batch, width, rows * columns).transpose(0, 2, 1);
    return perPatch
        .matMul(embeddings.transpose())
        .transpose(0, 2, 1)
        .reshape(batch, classes.size(), rows, columns);
  }

  @Override
  public void close() {
    manager.close();
  }
}
