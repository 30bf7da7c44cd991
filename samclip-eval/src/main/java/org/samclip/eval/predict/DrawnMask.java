package org.samclip.eval.predict;

import org.samclip.data.transform.LabelMap;

/**
 * The answer to one prompt.
 *
 * @param prompt what was asked
 * @param mask zeros and ones, of the image's size
 * @param predictedIou the model's own opinion of the mask
 * @param logits {@code [rows, columns]} in row-major order: the mask before the threshold 0, in the
 *     frame of the padded square input
 * @param rows 4 h, for a token grid of h x w
 * @param columns 4 w
 */
public record DrawnMask(
    MaskPrompt prompt, LabelMap mask, float predictedIou, float[] logits, int rows, int columns) {}
