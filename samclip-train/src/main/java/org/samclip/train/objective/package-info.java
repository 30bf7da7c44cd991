/** Losses with the data that feeds them, and their gradients. */
package org.samclip.train.objective;
