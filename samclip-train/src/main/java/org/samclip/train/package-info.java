/** The recipe: losses, optimiser, configuration, the loop, reports. */
package org.samclip.train;
