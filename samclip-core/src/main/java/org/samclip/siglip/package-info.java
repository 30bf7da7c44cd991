/** SigLIP and SigLIP 2: a plain ViT and a text transformer in one space. */
package org.samclip.siglip;
