/** A whole merge: phases, measuring, the table, pictures. */
package org.samclip.train.run;
