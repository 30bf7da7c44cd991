package org.samclip.eval;

/**
 * What a teacher said of each sample of a set, kept so that it is asked once however many models
 * are compared with it. Only the protocol that kept them can read them.
 */
public interface Answers {}
