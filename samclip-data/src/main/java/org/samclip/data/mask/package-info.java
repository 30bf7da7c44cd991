/** Binary masks as COCO run lengths, and what makes them: polygons, boxes, compressed strings. */
package org.samclip.data.mask;
