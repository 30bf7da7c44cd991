package org.samclip.train.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.MemorySource;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleSource;
import org.samclip.data.transform.RgbImage;

/** Images, masks and streams of them that need no files. */
final class SyntheticData {

  /** Sides of the noise's cells in pixels, coarse and fine, as photos have both. */
  private static final int[] CELLS = {256, 64, 16, 4};

  private SyntheticData() {}

  /** Standard normal numbers. */
  static float[] noise(int length) {
    SplittableRandom random = new SplittableRandom(BenchSetting.SEED);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Smooth colour noise of several sizes, which compresses about as a photo does. */
  static RgbImage photo(int width, int height, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] sum = new float[3 * width * height];
    for (int octave = 0; octave < CELLS.length; octave++) {
      addNoise(sum, width, height, CELLS[octave], 60f / (1 << octave), random);
    }
    byte[] rgb = new byte[sum.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.max(0, Math.min(255, 128 + sum[i]));
    }
    return new RgbImage(width, height, rgb);
  }

  private static void addNoise(
      float[] sum, int width, int height, int cell, float amplitude, SplittableRandom random) {
    int columns = width / cell + 2;
    float[] corners = new float[3 * columns * (height / cell + 2)];
    for (int i = 0; i < corners.length; i++) {
      corners[i] = amplitude * (float) random.nextDouble(-1, 1);
    }
    for (int y = 0, at = 0; y < height; y++) {
      float v = (float) (y % cell) / cell;
      for (int x = 0; x < width; x++) {
        float u = (float) (x % cell) / cell;
        int corner = 3 * (y / cell * columns + x / cell);
        for (int channel = 0; channel < 3; channel++, at++, corner++) {
          float top = corners[corner] * (1 - u) + corners[corner + 3] * u;
          int below = corner + 3 * columns;
          float bottom = corners[below] * (1 - u) + corners[below + 3] * u;
          sum[at] += top * (1 - v) + bottom * v;
        }
      }
    }
  }

  /** Photos with so many rectangles as masks each. */
  static MemorySource source(int count, int side, int masks) {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int height = Math.max(1, side * 3 / 4);
      SplittableRandom random = new SplittableRandom(i);
      List<RunLengthMask> rectangles = new ArrayList<>();
      for (int j = 0; j < masks; j++) {
        rectangles.add(rectangle(side, height, random));
      }
      samples.add(new Sample("photo" + i, photo(side, height, i), null, rectangles));
    }
    return new MemorySource("synthetic", samples);
  }

  private static RunLengthMask rectangle(int width, int height, SplittableRandom random) {
    int w = 1 + random.nextInt(width / 2);
    int h = 1 + random.nextInt(height / 2);
    int left = random.nextInt(width - w);
    int top = random.nextInt(height - h);
    byte[] mask = new byte[width * height];
    for (int y = top; y < top + h; y++) {
      java.util.Arrays.fill(mask, y * width + left, y * width + left + w, (byte) 1);
    }
    return RunLengthMask.encode(mask, height, width);
  }

  /** An endless stream, decoded by so many threads. */
  static ReplayStream stream(SampleSource source, int threads) {
    return new ReplayStream(
        source,
        Selection.ALL,
        new ReplaySettings(100, BenchSetting.SEED, threads, 8),
        new SampleBudget(null));
  }
}
