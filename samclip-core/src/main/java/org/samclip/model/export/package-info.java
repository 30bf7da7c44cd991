/**
 * Models in the formats of other programs: segment-anything, OpenCLIP, TorchScript. Every file
 * carries the model's provenance.
 */
package org.samclip.model.export;
