package org.samclip.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Layer;

/**
 * A text tower with its tokenizer: all that a merged model keeps of a teacher's text side.
 *
 * @param sizes of the tower
 * @param tower what {@link TextSizes#build} builds, with weights: ids [N, T] to [N, E]
 * @param tokenizer that goes before it
 */
public record TextEncoder(TextSizes sizes, Layer tower, TextTokenizer tokenizer) {

  /**
   * @param ids [N, T], int64
   * @return [N, E], unit length
   */
  public NDArray embed(NDArray ids) {
    return Kernels.normalize(tower.forward(ids));
  }

  /**
   * @param manager owns the result, on the tower's device
   * @param texts N texts
   * @return [N, E], unit length
   */
  public NDArray embed(NDManager manager, List<String> texts) {
    return embed(tokenizer.encode(manager, texts));
  }
}
