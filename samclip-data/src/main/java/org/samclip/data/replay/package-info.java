/**
 * The order in which stored samples are replayed: subset and hold-out by hash, seeded shuffling,
 * parallel decoding, a position that can be saved, and a budget for broken samples.
 */
package org.samclip.data.replay;
