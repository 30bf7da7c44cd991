/** SAM's image encoder, a ViT-Det (segment-anything, modeling/image_encoder.py). */
package org.samclip.vitdet;
