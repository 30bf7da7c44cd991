/** SAM's head: prompts, two-way transformer, mask decoder; and SAM itself (segment-anything). */
package org.samclip.sam;
