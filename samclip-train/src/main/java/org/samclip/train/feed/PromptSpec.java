package org.samclip.train.feed;

/**
 * How masks become prompts (recipe: losses).
 *
 * @param perImage P, prompts an image
 * @param pointShare probability of a point; else a box
 * @param boxJitter deviation of a box's corners as a share of its side
 * @param boxJitterMaxPixels largest shift of a corner in pixels of the model's input
 * @param maxMaskShare masks that cover more of the image are dropped
 */
public record PromptSpec(
    int perImage,
    double pointShare,
    double boxJitter,
    double boxJitterMaxPixels,
    double maxMaskShare) {}
