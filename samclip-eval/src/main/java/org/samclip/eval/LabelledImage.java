package org.samclip.eval;

import org.samclip.data.transform.RgbImage;

/**
 * An image of one class.
 *
 * @param key what messages call it
 * @param image the image
 * @param label index of its class
 */
public record LabelledImage(String key, RgbImage image, int label) {}
