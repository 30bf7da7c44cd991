/** The processes that train one model together, as a step, a stage and a run see them. */
package org.samclip.train.rank;
