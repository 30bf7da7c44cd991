/**
 * Protocols by name: what is measured of a model, on what data, with which options. {@link
 * org.samclip.eval.protocol.Protocols} finds them with {@link java.util.ServiceLoader}; the command
 * line and the recipe know no others.
 */
package org.samclip.eval.protocol;
