/**
 * Looking at data and making data ready: packing into shards, reading everything once, histograms,
 * subsets, and the proof that the order holds. What the {@code samclip data} commands call.
 */
package org.samclip.data.prepare;
