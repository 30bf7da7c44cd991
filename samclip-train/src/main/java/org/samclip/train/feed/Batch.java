package org.samclip.train.feed;

/** What an objective computes one step on. */
public interface Batch {

  /** What it takes of Java's heap, apart from small change. */
  long bytes();
}
