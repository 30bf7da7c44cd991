/** Small blocks that all towers share: named parameters, linear layers, norms, position grids. */
package org.samclip.nn;
