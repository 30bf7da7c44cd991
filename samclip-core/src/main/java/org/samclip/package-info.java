/** samclip: one backbone from SAM and CLIP. This package holds what every room shares. */
package org.samclip;
