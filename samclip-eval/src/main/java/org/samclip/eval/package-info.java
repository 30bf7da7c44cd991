/** What the two packages of protocols share. */
package org.samclip.eval;
