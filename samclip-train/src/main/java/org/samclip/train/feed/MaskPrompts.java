package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.train.recipe.PromptsSpec;

/**
 * Draws a point or a box for each of several masks of one image. Both are two labelled points, so
 * that they fit in one array: a point and its padding (1, -1), or a box's corners (2, 3).
 */
final class MaskPrompts {

  /** Which mask a prompt was made of, and its two points in the pixels of SAM's input. */
  record Prompt(int mask, boolean point, float[] xy, long[] labels) {}

  private final PromptsSpec spec;

  MaskPrompts(PromptsSpec spec) {
    this.spec = spec;
  }

  /**
   * @param masks of one image
   * @param frame where the image lies in SAM's input
   * @param seed decides everything
   * @return P prompts, each mask once before any comes again; empty without a usable mask
   */
  List<Prompt> draw(List<RunLengthMask> masks, SamPreprocess.Frame frame, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Integer> usable = new ArrayList<>();
    for (int i = 0; i < masks.size(); i++) {
      RunLengthMask mask = masks.get(i);
      double pixels = (double) mask.width() * mask.height();
      if (mask.area() > 0 && mask.area() <= spec.maxMaskShare() * pixels) {
        usable.add(i);
      }
    }
    List<Prompt> prompts = new ArrayList<>();
    if (usable.isEmpty()) {
      return prompts;
    }
    while (prompts.size() < spec.perImage()) {
      shuffle(usable, random);
      for (int index : usable) {
        if (prompts.size() < spec.perImage()) {
          RunLengthMask mask = masks.get(index);
          boolean point = random.nextDouble() < spec.pointShare();
          prompts.add(point ? point(index, mask, frame, random) : box(index, mask, frame, random));
        }
      }
    }
    return prompts;
  }

  private static void shuffle(List<Integer> list, SplittableRandom random) {
    for (int i = list.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      Integer other = list.get(j);
      list.set(j, list.get(i));
      list.set(i, other);
    }
  }

  private static Prompt point(
      int index, RunLengthMask mask, SamPreprocess.Frame frame, SplittableRandom random) {
    int skip = random.nextInt(mask.area());
    int position = 0;
    int[] counts = mask.counts();
    for (int run = 0; run < counts.length; run++) {
      if (run % 2 == 1) {
        if (skip < counts[run]) {
          position += skip;
          break;
        }
        skip -= counts[run];
      }
      position += counts[run];
    }
    int column = position / mask.height(); // runs go down the columns
    double[] xy = frame.toInput(column, position % mask.height());
    return new Prompt(
        index, true, new float[] {(float) xy[0], (float) xy[1], 0, 0}, new long[] {1, -1});
  }

  private Prompt box(
      int index, RunLengthMask mask, SamPreprocess.Frame frame, SplittableRandom random) {
    double[] b = mask.boundingBox(); // x, y, width, height
    // Noise and its limit count in the pixels of the model's input, as in SAM's training.
    double[] box = frame.toInput(b[0], b[1], b[0] + b[2], b[1] + b[3]);
    double[] sides = {box[2] - box[0], box[3] - box[1]};
    double[] limits = {frame.width(), frame.height()};
    double most = spec.boxJitterMaxPixels();
    for (int i = 0; i < 4; i++) {
      double shift = random.nextGaussian() * spec.boxJitter() * sides[i % 2];
      box[i] += Math.max(-most, Math.min(most, shift));
      box[i] = Math.max(0, Math.min(limits[i % 2], box[i]));
    }
    float[] xy = {
      (float) Math.min(box[0], box[2]),
      (float) Math.min(box[1], box[3]),
      (float) Math.max(box[0], box[2]),
      (float) Math.max(box[1], box[3])
    };
    return new Prompt(index, false, xy, new long[] {2, 3});
  }
}
