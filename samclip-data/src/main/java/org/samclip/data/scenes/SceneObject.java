package org.samclip.data.scenes;

import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.Crop;

/**
 * One object of a scene.
 *
 * @param classIndex index in {@link SpriteLibrary#classes()}
 * @param style the artwork it is drawn in
 * @param visible its visible pixels, of the image's size; never empty, disjoint from the others'
 * @param fullBox box around its pixels in the image, those behind other objects included
 * @param visibleShare visible pixels divided by all its pixels, those outside the image included;
 *     0..1
 */
public record SceneObject(
    int classIndex, SpriteStyle style, RunLengthMask visible, Crop fullBox, double visibleShare) {}
