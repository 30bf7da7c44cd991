/**
 * Metrics on plain arrays: they know no model and no file. Counting is done in exact integers as
 * the samples stream by; ratios and ranks are ND4J arithmetic, which starts only when first used.
 */
package org.samclip.eval.metric;
