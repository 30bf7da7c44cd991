/**
 * Images in memory: decoding, resizing with Pillow's arithmetic, cropping, normalising, padding;
 * and what training does to them: augmentation with torchvision's arithmetic, mosaics, shifts.
 */
package org.samclip.data.transform;
