package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/**
 * Prompt encoder and mask decoder, which SAM and the merged model use in the same way.
 *
 * @param prompts the prompt encoder
 * @param decoder the mask decoder
 * @param patch side of a patch in pixels: the embedding's grid times this is the padded image
 */
public record SamHead(PromptEncoder prompts, MaskDecoder decoder, int patch) {

  /**
   * @param embedding [B, C, h, w], the image encoder's output
   * @param request P prompts an image, in pixels of the padded image
   * @param corners what labels 2 and 3 mean
   * @return all output tokens' masks, [B, P, 1 + 3, 4 h, 4 w]
   */
  public Masks masks(NDArray embedding, Prompts request, Prompts.CornerLabels corners) {
    Shape s = embedding.getShape();
    long h = s.get(2);
    long w = s.get(3);
    NDArray sparse = prompts.sparse(request, h * patch, w * patch, corners);
    return decode(embedding, sparse, request, request.count());
  }

  /**
   * @param embedding [B, C, h, w]
   * @return the masks without any prompt, P = 1
   */
  public Masks unprompted(NDArray embedding) {
    return decode(embedding, null, null, 1);
  }

  /**
   * Points as they are, without the padding point of the reference: for prompts of which some are a
   * point and its padding (labels 1, -1) and some the two corners of a box (labels 2, 3).
   *
   * @param embedding [B, C, h, w]
   * @param xy [B, P, K, 2], pixels
   * @param labels [B, P, K], int64
   * @return all output tokens' masks
   */
  public Masks masksOfTokens(NDArray embedding, NDArray xy, NDArray labels) {
    return masksOfTokens(embedding, xy, labels, null);
  }

  /**
   * The same with a mask for each prompt.
   *
   * @param embedding [B, C, h, w]
   * @param xy [B, P, K, 2], pixels
   * @param labels [B, P, K], int64
   * @param masks [B, P, 1, 4 h, 4 w], mask logits; or null
   * @return all output tokens' masks
   */
  public Masks masksOfTokens(NDArray embedding, NDArray xy, NDArray labels, NDArray masks) {
    Shape s = embedding.getShape();
    NDArray sparse =
        prompts.points(
            xy, labels, s.get(2) * patch, s.get(3) * patch, Prompts.CornerLabels.EMBEDDED);
    Prompts request = masks == null ? null : new Prompts(null, null, null, masks);
    return decode(embedding, sparse, request, xy.getShape().get(1));
  }

  private Masks decode(NDArray embedding, NDArray sparse, Prompts request, long count) {
    Shape s = embedding.getShape();
    long h = s.get(2);
    long w = s.get(3);
    NDArray positions = prompts.densePositions(embedding.getManager(), h, w);
    NDArray dense = prompts.dense(request, s.get(0), count, h, w, embedding.getManager());
    return decoder.decode(embedding, positions, sparse, dense);
  }
}
