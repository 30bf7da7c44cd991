/** Where samples come from: WebDataset and SA-1B archives, and the evaluation formats. */
package org.samclip.data.source;
