/**
 * The one door to libtorch operators that DJL lacks: TorchScript source in resources, packed and
 * loaded by Java, one typed method each. Every method works with and without autograd; none is
 * bound to a device.
 */
package org.samclip.kernel;
