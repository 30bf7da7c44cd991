/** What a step reads: streams of the recipe's data, batches made ahead, views and prompts. */
package org.samclip.train.feed;
