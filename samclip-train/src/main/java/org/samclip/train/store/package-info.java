/** The folder of a run and its checkpoints. */
package org.samclip.train.store;
