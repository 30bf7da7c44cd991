package org.samclip.eval.metric;

/** Intersection over union of binary masks. A mask is an array of bytes, non-zero inside. */
public final class MaskIou {

  private MaskIou() {}

  /**
   * The IoU of two masks; two empty masks agree and give 1.
   *
   * @param a a mask
   * @param b a mask of the same size and order of pixels
   * @return pixels in both / pixels in one of them, 0 to 1
   * @throws IllegalArgumentException if the sizes differ
   */
  public static double of(byte[] a, byte[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "masks of " + a.length + " and " + b.length + " pixels; they must have the same size");
    }
    long both = 0;
    long either = 0;
    for (int i = 0; i < a.length; i++) {
      if (a[i] != 0 && b[i] != 0) {
        both++;
      }
      if (a[i] != 0 || b[i] != 0) {
        either++;
      }
    }
    return either == 0 ? 1 : (double) both / either;
  }
}
