/**
 * Students: one backbone with any number of named heads, and the model file that holds one. What
 * kinds of backbones and heads there are is said by providers ({@link
 * org.samclip.student.BackboneKind}, {@link org.samclip.student.HeadKind}).
 */
package org.samclip.student;
