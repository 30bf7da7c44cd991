package org.samclip.data.scenes;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes scenes. Each depends on the seed, the split and its index alone, so any number of threads
 * may ask for them in any order. Safe for use by many threads.
 */
public final class SceneGenerator {

  /** Changes whenever the same options give other files than before. */
  public static final int VERSION = 3;

  private static final int SCENES = 1;
  private static final int CROPS = 2;
  private static final int CAPTIONED = 3;

  /** Places tried for one object before it is left out. */
  private static final int ATTEMPTS = 12;

  /** Share of its side by which a sprite may reach over the image's edge. */
  private static final double OVERHANG = 0.12;

  private final long seed;
  private final int size;
  private final SceneOptions options;
  private final SpriteLibrary library = SpriteLibrary.embedded();
  private final List<SpriteClass> trained;

  /**
   * @param seed any
   * @param size side of the images in pixels, 16..2048
   * @param options how to compose
   * @param nouns which classes training images show
   */
  public SceneGenerator(long seed, int size, SceneOptions options, Nouns nouns) {
    if (size < 16 || size > 2048) {
      throw new IllegalArgumentException("size " + size + ", allowed: 16..2048");
    }
    this.seed = seed;
    this.size = size;
    this.options = options;
    this.trained =
        library.classes().stream().filter(c -> nouns == Nouns.ALL || !c.heldOut()).toList();
  }

  /**
   * Several objects, each of another class, with their masks.
   *
   * @param split whose sprites and random numbers
   * @param index which scene, from 0
   */
  public Scene scene(SceneSplit split, long index) {
    return scene(split, stream(split, SCENES, index));
  }

  /**
   * One object of a class drawn at random that fills most of the image.
   *
   * @param split whose sprites and random numbers
   * @param index which crop, from 0
   */
  public Scene crop(SceneSplit split, long index) {
    return crop(split, stream(split, CROPS, index));
  }

  /**
   * One object of a given class that fills most of the image.
   *
   * @param split whose sprites and random numbers
   * @param index which crop, from 0
   * @param classIndex index in {@link SpriteLibrary#classes()}
   */
  public Scene crop(SceneSplit split, long index, int classIndex) {
    SplittableRandom random = stream(split, CROPS, index);
    SpriteClass one = library.classes().get(classIndex);
    return crop(random, one, style(split, one, random));
  }

  /**
   * An image for image-text training: crops and scenes in turn, now and then a bare background.
   *
   * @param split whose sprites and random numbers
   * @param index which image, from 0
   */
  public Scene captioned(SceneSplit split, long index) {
    SplittableRandom random = stream(split, CAPTIONED, index);
    if (random.nextDouble() < options.emptyShare()) {
      BackgroundKind background = background(random);
      SceneCanvas canvas = canvas(background, random);
      return new Scene(canvas.image(), List.of(), SceneCaptions.empty(background), background);
    }
    return index % 2 == 0 ? crop(split, random) : scene(split, random);
  }

  private Scene scene(SceneSplit split, SplittableRandom random) {
    BackgroundKind background = background(random);
    SceneCanvas canvas = canvas(background, random);
    int wanted = random.nextInt(options.minObjects(), options.maxObjects() + 1);
    for (SpriteClass one : draw(split, wanted, random)) {
      SpriteStyle style = style(split, one, random);
      Sprite sprite = library.sprite(one.index(), style);
      ColourJitter jitter = ColourJitter.draw(random);
      // The first object always finds a place: nothing is in its way.
      for (int attempt = 0; attempt < ATTEMPTS || canvas.empty(); attempt++) {
        double side = size * random.nextDouble(options.minSide(), options.maxSide());
        double margin = side * (0.5 - OVERHANG);
        SpritePlacement placement =
            placement(
                random.nextDouble(margin, size - margin),
                random.nextDouble(margin, size - margin),
                side,
                random);
        if (canvas.place(one.index(), style, placement.draw(sprite, jitter))) {
          break;
        }
      }
    }
    List<SceneObject> objects = canvas.objects();
    List<String> labels = new ArrayList<>();
    for (SceneObject object : objects) {
      labels.add(
          random.nextInt(labels.size() + 1), library.classes().get(object.classIndex()).label());
    }
    String caption = SceneCaptions.scene(labels, background, random);
    return new Scene(canvas.image(), objects, caption, background);
  }

  private Scene crop(SceneSplit split, SplittableRandom random) {
    List<SpriteClass> classes = classes(split);
    SpriteClass one = classes.get(random.nextInt(classes.size()));
    return crop(random, one, style(split, one, random));
  }

  private Scene crop(SplittableRandom random, SpriteClass one, SpriteStyle style) {
    BackgroundKind background = background(random);
    SceneCanvas canvas = canvas(background, random);
    ColourJitter jitter = ColourJitter.draw(random);
    double side = size * random.nextDouble(options.minCropSide(), options.maxCropSide());
    double shift = 0.5 * (size - side) + 0.04 * size;
    SpritePlacement placement =
        placement(
            0.5 * size + random.nextDouble(-shift, shift),
            0.5 * size + random.nextDouble(-shift, shift),
            side,
            random);
    Sprite sprite = library.sprite(one.index(), style);
    if (!canvas.place(one.index(), style, placement.draw(sprite, jitter))) {
      throw new IllegalStateException("sprite " + one.slug() + " does not show");
    }
    List<String> label = List.of(one.label());
    String caption =
        random.nextDouble() < options.shortCaptionShare()
            ? SceneCaptions.shortly(label, random)
            : SceneCaptions.scene(label, background, random);
    return new Scene(canvas.image(), canvas.objects(), caption, background);
  }

  private SpritePlacement placement(double x, double y, double side, SplittableRandom random) {
    double degrees = options.maxRotationDegrees() * (2 * random.nextDouble() - 1);
    return new SpritePlacement(x, y, side, Math.toRadians(degrees), random.nextBoolean());
  }

  private SceneCanvas canvas(BackgroundKind background, SplittableRandom random) {
    return new SceneCanvas(
        size, BackgroundPainter.paint(background, size, random), options.minVisible());
  }

  private static BackgroundKind background(SplittableRandom random) {
    return BackgroundKind.values()[random.nextInt(BackgroundKind.values().length)];
  }

  private static SpriteStyle style(SceneSplit split, SpriteClass one, SplittableRandom random) {
    List<SpriteStyle> styles = one.styles(split);
    return styles.get(random.nextInt(styles.size()));
  }

  private List<SpriteClass> classes(SceneSplit split) {
    return split == SceneSplit.TRAIN ? trained : library.classes();
  }

  /** Draws classes, no one twice. */
  private List<SpriteClass> draw(SceneSplit split, int count, SplittableRandom random) {
    List<SpriteClass> rest = new ArrayList<>(classes(split));
    List<SpriteClass> drawn = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drawn.add(rest.remove(random.nextInt(rest.size())));
    }
    return drawn;
  }

  /** A stream of its own for every image. */
  private SplittableRandom stream(SceneSplit split, int purpose, long index) {
    long state = mix(seed);
    state = mix(state + split.ordinal());
    state = mix(state + purpose);
    return new SplittableRandom(mix(state + index));
  }

  /** Finaliser of SplitMix64: spreads neighbouring numbers over the whole range. */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
