package org.samclip.data.transform;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * Varies images for training, in the order of UNIC and DINO: flip, colours, grey, blur, solarise.
 * The arithmetic is that of {@code torchvision.transforms.v2} on uint8 tensors, also after the
 * blur; UNIC itself goes on in float32 from there.
 *
 * @param options how much, and how often
 */
public record Augmentation(AugmentOptions options) {

  /** One of the changes of {@link AugmentOptions.Jitter}. */
  public enum Colour {
    /** A factor, 1 changes nothing. */
    BRIGHTNESS,
    /** A factor, 1 changes nothing. */
    CONTRAST,
    /** A factor, 1 changes nothing. */
    SATURATION,
    /** A turn of the colour circle, -0.5..0.5; 0 changes nothing. */
    HUE
  }

  /**
   * A change of colours.
   *
   * @param colour which
   * @param amount how much
   */
  public record Change(Colour colour, double amount) {

    RgbImage apply(RgbImage image) {
      return switch (colour) {
        case BRIGHTNESS -> ColourChange.brightness(image, amount);
        case CONTRAST -> ColourChange.contrast(image, amount);
        case SATURATION -> ColourChange.saturation(image, amount);
        case HUE -> ColourChange.hue(image, amount);
      };
    }
  }

  /**
   * What is done to one image. Masks and boxes of the image follow its {@code flip}.
   *
   * @param flip whether left and right are exchanged
   * @param changes of the colours, in their order
   * @param grey whether the colour is lost
   * @param sigma of the blur in pixels, if there is one
   * @param solarise whether bright values are inverted
   */
  public record Draw(
      boolean flip, List<Change> changes, boolean grey, OptionalDouble sigma, boolean solarise) {

    /** Copies the list. */
    public Draw {
      changes = List.copyOf(changes);
    }
  }

  /**
   * Draws what is done to one image. Each operation has random numbers of its own: to switch one
   * off changes nothing about the others.
   *
   * @param seed decides everything; derive it from run seed, epoch and sample key
   * @return what to do
   */
  public Draw draw(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom flip = random.split();
    SplittableRandom jitter = random.split();
    SplittableRandom grey = random.split();
    SplittableRandom blur = random.split();
    SplittableRandom solarise = random.split();
    return new Draw(
        flip.nextDouble() < options.flip(),
        changes(options.jitter(), jitter),
        grey.nextDouble() < options.grey(),
        sigma(options.blur(), blur),
        solarise.nextDouble() < options.solarise().probability());
  }

  /**
   * Varies an image.
   *
   * @param image any; it is not changed
   * @param draw what to do
   * @return an image of the same size
   */
  public RgbImage apply(RgbImage image, Draw draw) {
    RgbImage result = draw.flip ? image.flipped() : image;
    for (Change change : draw.changes) {
      result = change.apply(result);
    }
    if (draw.grey) {
      result = ColourChange.grey(result);
    }
    if (draw.sigma.isPresent()) {
      result = new GaussianBlur(options.blur().kernel(), draw.sigma.getAsDouble()).apply(result);
    }
    return draw.solarise ? ColourChange.solarise(result, options.solarise().threshold()) : result;
  }

  /**
   * Draws and varies.
   *
   * @param image any; it is not changed
   * @param seed decides everything; derive it from run seed, epoch and sample key
   * @return an image of the same size
   */
  public RgbImage apply(RgbImage image, long seed) {
    return apply(image, draw(seed));
  }

  private static List<Change> changes(AugmentOptions.Jitter jitter, SplittableRandom random) {
    if (random.nextDouble() >= jitter.probability()) {
      return List.of();
    }
    Colour[] order = Colour.values();
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      Colour colour = order[i];
      order[i] = order[other];
      order[other] = colour;
    }
    List<Change> changes = new ArrayList<>();
    for (Colour colour : order) {
      double share = random.nextDouble();
      double strength = strength(jitter, colour);
      if (strength > 0) {
        double low = colour == Colour.HUE ? -strength : Math.max(0, 1 - strength);
        double high = colour == Colour.HUE ? strength : 1 + strength;
        changes.add(new Change(colour, low + (high - low) * share));
      }
    }
    return changes;
  }

  private static double strength(AugmentOptions.Jitter jitter, Colour colour) {
    return switch (colour) {
      case BRIGHTNESS -> jitter.brightness();
      case CONTRAST -> jitter.contrast();
      case SATURATION -> jitter.saturation();
      case HUE -> jitter.hue();
    };
  }

  private static OptionalDouble sigma(AugmentOptions.Blur blur, SplittableRandom random) {
    return random.nextDouble() < blur.probability()
        ? OptionalDouble.of(
            blur.sigmaMin() + (blur.sigmaMax() - blur.sigmaMin()) * random.nextDouble())
        : OptionalDouble.empty();
  }
}
