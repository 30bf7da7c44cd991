/**
 * What a run tells while it runs and when it is done: progress line, metrics.jsonl, results table.
 */
package org.samclip.train.report;
