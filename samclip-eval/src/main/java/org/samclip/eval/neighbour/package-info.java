/** What features know without any text: images are named by those that look like them. */
package org.samclip.eval.neighbour;
