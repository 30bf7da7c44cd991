package org.samclip.train;

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
import org.samclip.data.transform.RgbImage;

/** Samples that need no files. */
public final class InMemorySource extends MemorySource {

  public InMemorySource(List<Sample> samples) {
    super("memory", samples);
  }

  /** Noise with a caption of two words and two rectangles as masks, of varying sizes. */
  public static List<Sample> pictures(int count) {
    List<Sample> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SplittableRandom random = new SplittableRandom(i);
      int width = 24 + random.nextInt(40);
      int height = 24 + random.nextInt(40);
      byte[] rgb = new byte[3 * width * height];
      random.nextBytes(rgb);
      made.add(
          new Sample(
              "picture" + i,
              new RgbImage(width, height, rgb),
              "w" + i % 7 + " w" + i % 5,
              List.of(
                  rectangle(width, height, 2 + i % 3, 3, 9, 12),
                  rectangle(width, height, 10, 8, 10, 8))));
    }
    return made;
  }

  public static RunLengthMask rectangle(int width, int height, int x, int y, int w, int h) {
    byte[] mask = new byte[width * height];
    for (int row = y; row < y + h; row++) {
      java.util.Arrays.fill(mask, row * width + x, row * width + x + w, (byte) 1);
    }
    return RunLengthMask.encode(mask, height, width);
  }

  public ReplayStream stream(long seed, int threads) {
    ReplaySettings settings = new ReplaySettings(8, seed, threads, 4);
    return new ReplayStream(this, Selection.ALL, settings, new SampleBudget(null));
  }
}
