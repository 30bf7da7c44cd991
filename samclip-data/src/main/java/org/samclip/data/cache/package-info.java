/** What a frozen network says of an image, kept on disk instead of being computed again. */
package org.samclip.data.cache;
