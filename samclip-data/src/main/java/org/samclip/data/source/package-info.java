/**
 * Where samples come from: WebDataset and SA-1B archives, Parquet files, folders, COCO's JSON, and
 * the evaluation formats.
 */
package org.samclip.data.source;
