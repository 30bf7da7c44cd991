/** AdamW over parameter groups, clipping by the global norm, the cosine schedule. */
package org.samclip.train.optim;
