package org.samclip.data.mask;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import org.samclip.data.BrokenSampleException;

/** Splits a picture of numbers into one mask for each number, in one walk over the pixels. */
public final class RegionMasks {

  /** A picture of noise would otherwise cost a mask for each pixel. */
  private static final int MAX_REGIONS = 10_000;

  private RegionMasks() {}

  /** What one region's mask is made of so far. */
  private static final class Region {
    private final RunBuilder runs = new RunBuilder();
    private int end;

    void add(int from, int to) {
      if (from > end) {
        runs.add(false, from - end);
      }
      runs.add(true, to - from);
      end = to;
    }

    RunLengthMask mask(int height, int width) {
      if (end < height * width) {
        runs.add(false, height * width - end);
      }
      return new RunLengthMask(height, width, runs.counts());
    }
  }

  /**
   * Splits.
   *
   * @param height rows
   * @param width columns
   * @param numbers number of the pixel at {@code y * width + x}
   * @param wanted which numbers get a mask
   * @param masks takes number and mask, in the order in which the numbers are met column by column
   * @throws BrokenSampleException if there are more than 10,000 of them
   */
  public static void of(
      int height,
      int width,
      IntUnaryOperator numbers,
      IntPredicate wanted,
      BiConsumer<Integer, RunLengthMask> masks) {
    RunLengthMask.checkSize(height, width);
    Map<Integer, Region> regions = new LinkedHashMap<>();
    int start = 0;
    int current = numbers.applyAsInt(0);
    int position = 0;
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++, position++) {
        int number = numbers.applyAsInt(y * width + x);
        if (number != current) {
          add(regions, current, start, position, wanted);
          current = number;
          start = position;
        }
      }
    }
    add(regions, current, start, position, wanted);
    regions.forEach((number, region) -> masks.accept(number, region.mask(height, width)));
  }

  private static void add(
      Map<Integer, Region> regions, int number, int from, int to, IntPredicate wanted) {
    if (wanted.test(number)) {
      regions.computeIfAbsent(number, n -> new Region()).add(from, to);
      if (regions.size() > MAX_REGIONS) {
        throw RunLengthMask.broken("a map of more than " + MAX_REGIONS + " regions");
      }
    }
  }
}
