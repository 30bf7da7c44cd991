/**
 * Outputs of frozen networks, kept on disk instead of being computed again: addressed by what the
 * network is and what it sees, checked, within a limit.
 */
package org.samclip.data.cache;
