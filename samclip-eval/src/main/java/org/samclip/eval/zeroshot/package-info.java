/**
 * What a model knows without being trained for it: classification of images and of pixels by text.
 * Protocols see a model only through {@link org.samclip.eval.zeroshot.ImageTextModel}.
 */
package org.samclip.eval.zeroshot;
