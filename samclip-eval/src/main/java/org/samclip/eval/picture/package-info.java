/**
 * Pictures of what models see: masks and labels over the image, and sheets of them side by side.
 * Drawing is a function of arrays; only {@link org.samclip.eval.picture.Panels} knows models.
 */
package org.samclip.eval.picture;
