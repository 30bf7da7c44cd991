package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  /** Of the normal distribution: 95 % lie within so many standard deviations. */
  private static final double Z = 1.959964;

  private static RatioScores scores(int images, IntToDoubleFunction score) {
    RatioScores.Builder builder = new RatioScores.Builder();
    for (int i = 0; i < images; i++) {
      builder.image("image " + i);
      builder.add(score.applyAsDouble(i));
    }
    return builder.build();
  }

  @Test
  void aShareHasTheWidthOfTheBinomial() {
    for (double share : new double[] {.5, .8, .95}) {
      Measurement found = Bootstrap.measure(scores(1600, i -> i < 1600 * share ? 1 : 0));
      double expected = Z * Math.sqrt(share * (1 - share) / 1600);
      assertEquals(share, found.value(), 1e-12);
      assertEquals(1600, found.n());
      // 1000 draws give a quantile of 2.5 % to within about 4 %.
      assertEquals(expected, found.half(), .08 * expected, "share " + share);
      assertEquals(share, (found.low() + found.high()) / 2, .1 * expected);
    }
  }

  @Test
  void theIntervalHoldsTheTruthInNineteenOfTwentySets() {
    Random random = new Random(7);
    int sets = 400;
    int held = 0;
    for (int s = 0; s < sets; s++) {
      Measurement found = Bootstrap.measure(scores(150, i -> 3 + 2 * random.nextGaussian()));
      held += found.low() <= 3 && 3 <= found.high() ? 1 : 0;
      assertEquals(Z * 2 / Math.sqrt(150), found.half(), .12, "the mean of a normal");
    }
    // Standard deviation of the share: sqrt(.95 * .05 / 400) = .011.
    assertEquals(.95, (double) held / sets, .033);
  }

  @Test
  void objectsOfAnImageAreDrawnTogether() {
    // Ten objects of an image that share its fate are worth no more than one.
    RatioScores.Builder builder = new RatioScores.Builder();
    for (int i = 0; i < 400; i++) {
      builder.image("image " + i);
      for (int object = 0; object < 10; object++) {
        builder.add(i % 2);
      }
    }
    Measurement found = Bootstrap.measure(builder.build());
    assertEquals(4000, found.n());
    assertEquals(Z * .5 / Math.sqrt(400), found.half(), .005);
  }

  @Test
  void twoImagesGiveTheirOwnScoresAsEnds() {
    // A draw is 0, 0.5 or 1, each end in a quarter of the draws.
    assertEquals(new Measurement(.5, 2, 0, 1), Bootstrap.measure(scores(2, i -> i)));
    assertEquals(new Measurement(.25, 1, .25, .25), Bootstrap.measure(scores(1, i -> .25)));
  }

  @Test
  void meanIouIsThatOfTheDrawnSetAndNotAMeanOfImages() {
    // Class 0 is right in the one image and wrong in the other; each draw pools the pixels.
    ClassScores scores =
        new ClassScores(
            List.of("a", "b"),
            List.of(
                List.of(new ClassScores.Pixels(0, 90, 90, 90)),
                List.of(new ClassScores.Pixels(0, 0, 10, 0), new ClassScores.Pixels(3, 0, 0, 10))),
            ClassScores.Mean.IOU);
    // Both: (90 / 100 + 0 / 10) / 2. Twice a: 1, and class 3 does not occur. Twice b: 0.
    assertEquals(new Measurement(.45, 2, 0, 1), Bootstrap.measure(scores));
    // Held-out class 3 alone: draws of a only leave it undefined and are left out.
    assertEquals(new Measurement(0, 2, 0, 0), Bootstrap.measure(scores.only(c -> c == 3)));
    assertThrows(IllegalArgumentException.class, () -> Bootstrap.measure(scores.only(c -> c == 1)));
  }

  @Test
  void aRatioOfSumsIsOneOfTheDrawnSums() {
    RatioScores ratio =
        new RatioScores(
            List.of("a", "b"), new double[] {3, 1}, new double[] {1, 1}, new long[] {5, 5});
    assertEquals(new Measurement(2, 10, 1, 3), Bootstrap.measure(ratio));
  }

  @Test
  void aPairedDifferenceIsNarrowerThanAnUnpairedOneWhereImagesAreHardForBoth() {
    Random random = new Random(3);
    double[] difficulty = random.doubles(500).toArray();
    double[] noise = IntStream.range(0, 500).mapToDouble(i -> random.nextGaussian()).toArray();
    RatioScores one = scores(500, i -> difficulty[i]);
    RatioScores other = scores(500, i -> difficulty[i] - .02 + .05 * noise[i]);
    Measurement paired = Bootstrap.difference(one, other);
    assertEquals(one.value() - other.value(), paired.value(), 1e-12);
    assertEquals(Z * .05 / Math.sqrt(500), paired.half(), 1e-3, "only the noise is left");
    assertTrue(paired.excludesZero());

    RatioScores unrelated = scores(500, i -> difficulty[(i + 250) % 500] - .02 + .05 * noise[i]);
    Measurement unpaired = Bootstrap.difference(one, unrelated);
    assertTrue(unpaired.half() > 4 * paired.half(), unpaired + " and " + paired);
    assertFalse(unpaired.excludesZero());
  }

  @Test
  void aModelDoesNotDifferFromItself() {
    RatioScores scores = scores(50, i -> i % 3);
    assertEquals(new Measurement(0, 50, 0, 0), Bootstrap.difference(scores, scores));
  }

  @Test
  void groupsOfModelsAreComparedByTheirMeans() {
    RatioScores low = scores(300, i -> i % 2);
    RatioScores high = scores(300, i -> 1 + i % 2);
    RatioScores reference = scores(300, i -> 3 * (i % 2));
    Measurement mean = Bootstrap.mean(List.of(low, high));
    assertEquals(1, mean.value(), 1e-12);
    // Both models have the same good and bad images: their mean is no surer than each of them.
    assertEquals(Bootstrap.measure(low).half(), mean.half(), 1e-12);
    Measurement difference = Bootstrap.difference(List.of(low, high), List.of(reference));
    assertEquals(1 - 1.5, difference.value(), 1e-12);
    // Of each image: .5 + i % 2 - 3 (i % 2), of standard deviation 2 * .5.
    assertEquals(Z / Math.sqrt(300), difference.half(), .01);
  }

  @Test
  void otherImagesAreRefused() {
    RatioScores scores = scores(3, i -> i);
    for (RatioScores other : List.of(scores(4, i -> i), scores.only(i -> i > 0))) {
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> Bootstrap.difference(scores, other));
      assertTrue(error.getMessage().contains("different images: 3"), error.getMessage());
    }
  }

  @Test
  void aRatioIsPairedOverTheImages() {
    RatioScores teacher = scores(200, i -> .2 + .6 * (i % 10) / 10);
    Measurement half = Bootstrap.ratio(scores(200, i -> .1 + .3 * (i % 10) / 10), teacher);
    assertEquals(.5, half.value(), 1e-12);
    assertEquals(0, half.half(), 1e-12, "half on every image is half on every draw");
    // Delta method for a ratio of means: the variance of (x - r y) / mean(y).
    RatioScores other = scores(200, i -> i % 2 == 0 ? .9 : .1);
    Measurement found = Bootstrap.ratio(other, teacher);
    double mean = teacher.value();
    double ratio = other.value() / mean;
    double[] own = other.numerators();
    double[] theirs = teacher.numerators();
    double variance =
        IntStream.range(0, 200).mapToDouble(i -> Math.pow(own[i] - ratio * theirs[i], 2)).sum()
            / 200;
    assertEquals(ratio, found.value(), 1e-12);
    double expected = Z * Math.sqrt(variance / 200) / mean;
    assertEquals(expected, found.half(), .08 * expected);
    RatioScores nothing = scores(200, i -> 0);
    assertThrows(IllegalArgumentException.class, () -> Bootstrap.ratio(other, nothing));
    assertThrows(
        IllegalArgumentException.class, () -> Bootstrap.ratio(scores(199, i -> 1), teacher));
  }
}
