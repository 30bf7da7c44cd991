package org.samclip.eval.predict;

import org.samclip.data.transform.LabelMap;

/**
 * What a model says of one text.
 *
 * @param text what was asked
 * @param cosine of the image's and the text's embedding, -1 to 1
 * @param probability that it is this text and none of the others: softmax of the cosines, 0 to 1
 * @param mask zeros and ones, of the image's size; null if the model has no SAM head
 * @param predictedIou the SAM head's own opinion of the mask, of several the highest; null if the
 *     text was found nowhere
 * @param logits {@code [4 h, 4 w]} in row-major order, in the frame of the padded square input, of
 *     several masks the highest; null if the text was found nowhere
 */
public record TextAnswer(
    String text,
    float cosine,
    float probability,
    LabelMap mask,
    Float predictedIou,
    float[] logits) {}
