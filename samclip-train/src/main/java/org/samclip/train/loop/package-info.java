/** Batches, the training step, the stage runner, checkpoints and resume. */
package org.samclip.train.loop;
