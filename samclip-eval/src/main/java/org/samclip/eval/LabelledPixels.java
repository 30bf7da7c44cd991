package org.samclip.eval;

import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/**
 * An image with a class for every pixel.
 *
 * @param key what messages call it
 * @param image the image
 * @param labels its label map, usually of the image's size
 */
public record LabelledPixels(String key, RgbImage image, LabelMap labels) {}
