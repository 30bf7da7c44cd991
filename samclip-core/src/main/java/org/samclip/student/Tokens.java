package org.samclip.student;

import ai.djl.ndarray.NDArray;

/**
 * Tokens of a backbone.
 *
 * @param prefix [B, P, C], the class token, if there is one, and registers; or null
 * @param patches [B, h, w, C]
 */
public record Tokens(NDArray prefix, NDArray patches) {}
