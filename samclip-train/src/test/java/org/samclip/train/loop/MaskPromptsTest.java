package org.samclip.train.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.train.loop.MaskPrompts.Prompt;

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

  private static PromptSpec points(int count) {
    return new PromptSpec(count, 1, .1, 20, .9);
  }

  private static PromptSpec boxes(int count, double jitter, double most) {
    return new PromptSpec(count, 0, jitter, most, .9);
  }

  private static List<Prompt> draw(PromptSpec spec, long seed, RunLengthMask... masks) {
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
    PromptSpec spec = new PromptSpec(6, .5, .1, 20, .9);
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

  @Test
  void jitterHasItsDeviationItsLimitAndTheImagesEdges() {
    double most = 1.5;
    List<Double> shifts = new ArrayList<>();
    for (int seed = 0; seed < 2000; seed++) {
      float[] xy = draw(boxes(1, .1, most), seed, MIDDLE).get(0).xy();
      double[] sides = {8, 14};
      double[] exact = {12, 10, 20, 24};
      for (int i = 0; i < 4; i++) {
        double shift = xy[i] / 2 - exact[i];
        assertTrue(Math.abs(shift) <= most + 1e-4, "shift of " + shift);
        shifts.add(shift / sides[i % 2]);
      }
    }
    double mean = shifts.stream().mapToDouble(s -> s).average().orElseThrow();
    double square = shifts.stream().mapToDouble(s -> s * s).average().orElseThrow();
    assertEquals(0, mean, .005);
    // Cut at 1.5 pixels: 1.9 deviations of one side, 1.07 of the other.
    assertTrue(Math.sqrt(square) > .07 && Math.sqrt(square) < .1, "deviation " + square);
    for (int seed = 0; seed < 300; seed++) {
      float[] wild = draw(boxes(1, 5, 1000), seed, RIGHT).get(0).xy();
      assertTrue(0 <= wild[0] && wild[0] <= wild[2] && wild[2] <= 2 * W);
      assertTrue(0 <= wild[1] && wild[1] <= wild[3] && wild[3] <= 2 * H);
    }
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
    PromptSpec spec = new PromptSpec(4, .3, .1, 20, .9);
    for (int seed = 0; seed < 1000; seed++) {
      for (Prompt prompt : draw(spec, seed, LEFT, MIDDLE)) {
        points += prompt.point() ? 1 : 0;
      }
    }
    assertEquals(.3, points / 4000., .03); // four deviations
  }
}
