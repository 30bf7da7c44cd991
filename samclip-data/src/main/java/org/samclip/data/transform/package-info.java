/**
 * Images in memory: decoding, resizing with Pillow's arithmetic, cropping, normalising, padding.
 */
package org.samclip.data.transform;
