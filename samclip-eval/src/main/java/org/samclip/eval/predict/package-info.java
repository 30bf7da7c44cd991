/** Answers for one image: masks of prompts, masks and scores of texts, and the files they fill. */
package org.samclip.eval.predict;
