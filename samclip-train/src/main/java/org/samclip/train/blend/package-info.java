/** Models made of the weights of others, without training. */
package org.samclip.train.blend;
