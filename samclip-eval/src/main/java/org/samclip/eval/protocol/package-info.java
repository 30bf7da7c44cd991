/** One protocol on one data set, chosen by name, and its result as text and JSON. */
package org.samclip.eval.protocol;
