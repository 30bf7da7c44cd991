/** Answers for one image: masks of prompts, and masks and scores of texts. */
package org.samclip.eval.predict;
