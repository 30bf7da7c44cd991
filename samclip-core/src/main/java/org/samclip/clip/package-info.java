/** CLIP's two towers, its tokenizer, and CLIP itself (OpenAI CLIP, open_clip). */
package org.samclip.clip;
