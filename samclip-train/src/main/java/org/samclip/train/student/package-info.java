/** From a recipe's words to a student: its sizes, and its first weights. */
package org.samclip.train.student;
