/** Images in, and answers out, as files that a user names. */
package org.samclip.eval.files;
