/** Plain ViT encoders: DINOv2, DINOv3, timm's ViTs, and what SigLIP's towers are made of. */
package org.samclip.vit;
