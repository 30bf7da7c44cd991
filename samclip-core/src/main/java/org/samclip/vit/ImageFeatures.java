package org.samclip.vit;

import ai.djl.ndarray.NDArray;

/**
 * What a vision model says of images.
 *
 * @param summary of each whole image, [B, D]
 * @param spatial a feature for every patch, [B, D, h, w]
 */
public record ImageFeatures(NDArray summary, NDArray spatial) {}
