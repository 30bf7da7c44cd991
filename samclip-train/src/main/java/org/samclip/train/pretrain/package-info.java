/**
 * Small teachers from scratch: a contrastive CLIP and a promptable SAM, for those without weights.
 */
package org.samclip.train.pretrain;
