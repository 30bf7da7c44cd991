/** What {@code samclip bench} measures: the parts of a run on synthetic data, one at a time. */
package org.samclip.train.bench;
