/**
 * The command line. Each command is thin: it reads its options and calls what a library user would
 * call. Nothing but this package ends the process.
 */
package org.samclip.cli;
