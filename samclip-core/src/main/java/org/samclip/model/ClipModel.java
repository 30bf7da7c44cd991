package org.samclip.model;

import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;

/**
 * A CLIP that can be used: towers and tokenizer.
 *
 * @param clip the towers
 * @param tokenizer the text tower's tokenizer
 * @param provenance where the weights come from, if the file says it
 */
public record ClipModel(Clip clip, Tokenizer tokenizer, Optional<Provenance> provenance) {}
