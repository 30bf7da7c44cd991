/** The training step, and a stage: steps, looks at held-out images, checkpoints, resume. */
package org.samclip.train.stage;
