/** Images and masks in, batches out. This package holds what every data package shares. */
package org.samclip.data;
