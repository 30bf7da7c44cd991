/**
 * What parity tests of all modules share: reference vectors and comparison at a stated tolerance.
 */
package org.samclip.parity;
