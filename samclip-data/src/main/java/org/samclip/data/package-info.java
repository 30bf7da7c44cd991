/** Images and masks: formats, transforms, order. This package holds what all of them share. */
package org.samclip.data;
