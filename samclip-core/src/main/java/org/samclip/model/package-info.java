/** What models can do, and their files: sizes, official formats, families found by providers. */
package org.samclip.model;
