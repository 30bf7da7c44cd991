/**
 * The project's own models as the protocols see them. A model in training can be measured through
 * them: they hold no weights of their own, record no gradients and free what they make on the way.
 */
package org.samclip.eval.adapter;
