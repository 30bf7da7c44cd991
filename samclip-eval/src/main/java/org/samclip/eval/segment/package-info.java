/**
 * Masks: of prompted objects, and of named classes by both heads together. Protocols see a model
 * only through {@link org.samclip.eval.segment.PromptedMaskModel} and {@link
 * org.samclip.eval.segment.TwoHeadModel}.
 */
package org.samclip.eval.segment;
