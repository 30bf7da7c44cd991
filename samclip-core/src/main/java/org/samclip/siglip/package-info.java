/** SigLIP and SigLIP 2: a plain ViT and a text transformer in one space, and their tokenizers. */
package org.samclip.siglip;
