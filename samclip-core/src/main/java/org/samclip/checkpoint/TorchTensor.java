package org.samclip.checkpoint;

/**
 * A tensor as a torch archive describes it: a strided view of a storage. Nothing is checked here;
 * {@link TorchArchive} compares it with the archive before any value is read.
 *
 * @param storage what it views
 * @param offset the first element within the storage
 * @param sizes of all axes
 * @param strides of all axes, in elements
 */
record TorchTensor(Storage storage, long offset, long[] sizes, long[] strides) {

  /**
   * A typed storage.
   *
   * @param key names the archive's entry
   * @param type the element type
   * @param count the number of elements claimed
   */
  record Storage(String key, TensorType type, long count) {}
}
