/**
 * The text side of a model that puts images and texts into one space, whatever its kind: tokenizer,
 * sizes, tower.
 */
package org.samclip.text;
