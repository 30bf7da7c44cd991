/**
 * Small teachers from scratch: a contrastive CLIP, a promptable SAM and a self-distilled ViT, for
 * those without weights.
 */
package org.samclip.train.pretrain;
