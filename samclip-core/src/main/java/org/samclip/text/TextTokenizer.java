package org.samclip.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/** Texts to token ids, with all that the text tower was trained with: cleaning, ends, padding. */
public interface TextTokenizer extends AutoCloseable {

  /**
   * @return T, tokens of a text, ends and padding included
   */
  int contextLength();

  /**
   * @param texts N texts
   * @return N rows of T ids; longer texts are cut and keep their end
   */
  long[][] encode(List<String> texts);

  /**
   * @param manager of the result
   * @param texts N texts
   * @return ids [N, T], int64
   */
  default NDArray encode(NDManager manager, List<String> texts) {
    long[][] rows = encode(texts);
    int length = contextLength();
    long[] flat = new long[rows.length * length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * length, length);
    }
    return manager.create(flat, new Shape(rows.length, length));
  }

  /**
   * @return the text of a Hugging Face {@code tokenizer.json} that gives the same ids, to be stored
   *     with a model
   */
  String json();

  @Override
  void close();
}
