/** The merged model: SAM's backbone with two heads (paper, section 3), and its sizes. */
package org.samclip.model;
