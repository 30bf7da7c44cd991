/**
 * Checkpoints in and out: a memory-mapped safetensors reader, an atomic safetensors writer, a
 * reader for torch archives that can build tensors and nothing else, and what records where weights
 * come from. Files are treated as hostile: every size is checked before anything is allocated.
 */
package org.samclip.checkpoint;
