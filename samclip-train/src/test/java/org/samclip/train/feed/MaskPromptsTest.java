package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.train.InMemorySource;
import org.samclip.train.feed.MaskPrompts.Prompt;
import org.samclip.train.recipe.PromptsSpec;

class MaskPromptsTest {

  private static final int W = 40;
  private static final int H = 30;

  /** Twice as large; the lower quarter of the input is padding. */
  private static final SamPreprocess.Frame FRAME = new SamPreprocess(80).frame(W, H);

  private static final RunLengthMask LEFT = InMemorySource.rectangle(W, H, 3, 4, 5, 6);
  private static final RunLengthMask MIDDLE = InMemorySource.rectangle(W, H, 12, 10, 8, 14);
  private static final RunLengthMask RIGHT = InMemorySource.rectangle(W, H, 25, 2, 14, 9);

  private static RunLengthMask ring() {
    byte[] mask = InMemorySource.rectangle(W, H, 5, 5, 20, 20).decode();
    byte[] hole = InMemorySource.rectangle(W, H, 6, 6, 18, 18).decode();
    for (int i = 0; i < mask.length; i++) {
      mask[i] -= hole[i];
    }
    return RunLengthMask.encode(mask, H, W);
  }

  private static PromptsSpec points(int count) {
    return new PromptsSpec(count, 1, .1, 20, .9, 1);
  }

  private static PromptsSpec boxes(int count, double jitter, double most) {
    return new PromptsSpec(count, 0, jitter, most, .9, 1);
  }

  private static List<Prompt> draw(PromptsSpec spec, long seed, RunLengthMask... masks) {
    return new MaskPrompts(spec).draw(List.of(masks), FRAME, seed);
  }

  private static boolean equal(List<Prompt> one, List<Prompt> two) {
    boolean equal = one.size() == two.size();
    for (int i = 0; equal && i < one.size(); i++) {
      Prompt a = one.get(i);
      Prompt b = two.get(i);
      equal =
          a.mask() == b.mask()
              && a.point() == b.point()
              && java.util.Arrays.equals(a.xy(), b.xy())
              && java.util.Arrays.equals(a.labels(), b.labels());
    }
    return equal;
  }

  @Test
  void theSeedDecidesEverything() {
    PromptsSpec spec = new PromptsSpec(6, .5, .1, 20, .9, 1);
    List<Prompt> one = draw(spec, 1, LEFT, MIDDLE, RIGHT);
    assertTrue(equal(one, draw(spec, 1, LEFT, MIDDLE, RIGHT)));
    assertTrue(!equal(one, draw(spec, 2, LEFT, MIDDLE, RIGHT)));
  }

  @Test
  void eachMaskComesOnceBeforeAnyRepeats() {
    Set<List<Integer>> orders = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      List<Integer> masks =
          draw(points(8), seed, LEFT, MIDDLE, RIGHT).stream().map(Prompt::mask).toList();
      assertEquals(8, masks.size());
      assertEquals(Set.of(0, 1, 2), Set.copyOf(masks.subList(0, 3)));
      assertEquals(Set.of(0, 1, 2), Set.copyOf(masks.subList(3, 6)));
      assertNotEquals(masks.get(6), masks.get(7));
      orders.add(masks.subList(0, 3));
    }
    assertEquals(6, orders.size(), "every order of three occurs");
  }

  @Test
  void fewerPromptsThanMasksAreADraw() {
    Set<Integer> seen = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      List<Prompt> drawn = draw(points(1), seed, LEFT, MIDDLE, RIGHT);
      assertEquals(1, drawn.size());
      seen.add(drawn.get(0).mask());
    }
    assertEquals(Set.of(0, 1, 2), seen);
  }

  @Test
  void pointsLieInTheirMaskAndReachAllOfIt() {
    RunLengthMask[] masks = {LEFT, ring(), RIGHT};
    List<Set<Integer>> reached = List.of(new HashSet<>(), new HashSet<>(), new HashSet<>());
    for (int seed = 0; seed < 400; seed++) {
      for (Prompt prompt : draw(points(3), seed, masks)) {
        assertTrue(prompt.point());
        assertArrayEquals(new long[] {1, -1}, prompt.labels());
        assertEquals(0, prompt.xy()[2]);
        assertEquals(0, prompt.xy()[3]);
        // The frame is exactly twice the image.
        int x = (int) (prompt.xy()[0] / 2);
        int y = (int) (prompt.xy()[1] / 2);
        assertEquals(1, masks[prompt.mask()].decode()[y * W + x], "(" + x + ", " + y + ")");
        reached.get(prompt.mask()).add(y * W + x);
      }
    }
    assertEquals(LEFT.area(), reached.get(0).size(), "every pixel of 30 within 400 draws");
    assertTrue(reached.get(1).size() > .95 * ring().area());
  }

  @Test
  void boxesWithoutJitterAreTheBoundingBoxesInTheFrame() {
    for (Prompt prompt : draw(boxes(3, 0, 20), 1, LEFT, MIDDLE, ring())) {
      float[] expected =
          switch (prompt.mask()) {
            case 0 -> new float[] {6, 8, 16, 20};
            case 1 -> new float[] {24, 20, 40, 48};
            default -> new float[] {10, 10, 50, 50};
          };
      assertArrayEquals(expected, prompt.xy(), 1e-5f);
      assertArrayEquals(new long[] {2, 3}, prompt.labels());
    }
  }

  /** All in the pixels of the input, where the box is 16 x 28. */
  @Test
  void jitterHasItsDeviationItsLimitAndTheImagesEdges() {
    double most = 2.5;
    double[] sides = {16, 28};
    double[] exact = {24, 20, 40, 48};
    double[] squares = new double[2];
    double sum = 0;
    int atLimit = 0;
    int draws = 2000;
    for (int seed = 0; seed < draws; seed++) {
      float[] xy = draw(boxes(1, .1, most), seed, MIDDLE).get(0).xy();
      for (int i = 0; i < 4; i++) {
        double shift = xy[i] - exact[i];
        assertTrue(Math.abs(shift) <= most + 1e-4, "shift of " + shift);
        atLimit += Math.abs(shift) > most - 1e-4 ? 1 : 0;
        squares[i % 2] += shift * shift / (2. * draws);
        sum += shift / (4. * draws);
      }
    }
    assertEquals(0, sum, .08); // four deviations of the mean
    double expected = 0;
    for (int axis = 0; axis < 2; axis++) {
      double sigma = .1 * sides[axis];
      double cut = most / sigma;
      assertEquals(clippedVariance(cut) * sigma * sigma, squares[axis], .2, "axis " + axis);
      expected += tail(cut) / 2;
    }
    assertEquals(expected, atLimit / (4. * draws), .02);
    for (int seed = 0; seed < 300; seed++) {
      float[] wild = draw(boxes(1, 1, 1000), seed, RIGHT).get(0).xy();
      assertTrue(0 <= wild[0] && wild[0] <= wild[2] && wild[2] <= 2 * W);
      assertTrue(0 <= wild[1] && wild[1] <= wild[3] && wild[3] <= 2 * H);
    }
  }

  /** SAM's limit of 20 pixels holds at SAM's 1024, whatever the size of the picture. */
  @Test
  void theLimitDoesNotDependOnThePicturesSize() {
    for (int factor : new int[] {1, 4, 64}) {
      int w = 16 * factor;
      RunLengthMask half = InMemorySource.rectangle(w, w, 4 * factor, 0, 8 * factor, w);
      SamPreprocess.Frame frame = new SamPreprocess(1024).frame(w, w);
      double largest = 0;
      for (int seed = 0; seed < 200; seed++) {
        Prompt prompt = new MaskPrompts(boxes(1, .1, 20)).draw(List.of(half), frame, seed).get(0);
        largest = Math.max(largest, Math.abs(prompt.xy()[0] - 256));
      }
      // A deviation is 51 pixels.
      assertEquals(20, largest, 1e-3, "picture of " + w);
    }
  }

  /** Of a standard normal variable that is moved into [-cut, cut]. */
  private static double clippedVariance(double cut) {
    double density = Math.exp(-cut * cut / 2) / Math.sqrt(2 * Math.PI);
    return 1 - tail(cut) - 2 * cut * density + cut * cut * tail(cut);
  }

  /** Probability that a standard normal variable lies beyond -cut or cut, by Simpson's rule. */
  private static double tail(double cut) {
    int parts = 1000;
    double inside = 0;
    for (int i = 0; i <= parts; i++) {
      double x = cut * i / parts;
      int weight = i == 0 || i == parts ? 1 : i % 2 == 1 ? 4 : 2;
      inside += weight * Math.exp(-x * x / 2);
    }
    return 1 - 2 * inside * cut / parts / 3 / Math.sqrt(2 * Math.PI);
  }

  @Test
  void emptyMasksAndThoseOverTheShareAreDropped() {
    RunLengthMask empty = RunLengthMask.encode(new byte[W * H], H, W);
    RunLengthMask most = InMemorySource.rectangle(W, H, 0, 0, W, H - 2); // 93 %
    RunLengthMask atLimit = InMemorySource.rectangle(W, H, 0, 0, W, H - 3); // 90 %
    for (Prompt prompt : draw(points(5), 1, empty, LEFT, most)) {
      assertEquals(1, prompt.mask());
    }
    assertEquals(List.of(), draw(points(5), 1, empty, most));
    assertEquals(List.of(), draw(points(5), 1));
    assertEquals(5, draw(points(5), 1, atLimit).size());
  }

  @Test
  void theShareOfPointsIsKept() {
    int points = 0;
    PromptsSpec spec = new PromptsSpec(4, .3, .1, 20, .9, 1);
    for (int seed = 0; seed < 1000; seed++) {
      for (Prompt prompt : draw(spec, seed, LEFT, MIDDLE)) {
        points += prompt.point() ? 1 : 0;
      }
    }
    assertEquals(.3, points / 4000., .03); // four deviations
  }
}
