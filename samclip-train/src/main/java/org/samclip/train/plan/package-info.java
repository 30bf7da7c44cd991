/** What a run will take: parameters, operations, memory. */
package org.samclip.train.plan;
