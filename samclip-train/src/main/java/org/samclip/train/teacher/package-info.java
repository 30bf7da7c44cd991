/** The teachers of a run and what frozen networks say, computed or cached. */
package org.samclip.train.teacher;
