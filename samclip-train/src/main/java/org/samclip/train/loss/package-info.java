/** The recipe's losses: cosine distillation, focal and dice on masks (paper, section 3). */
package org.samclip.train.loss;
