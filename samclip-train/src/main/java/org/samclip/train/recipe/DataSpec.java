package org.samclip.train.recipe;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.NearestName;
import org.samclip.data.scenes.Nouns;
import org.samclip.data.source.SampleSources;

/**
 * The images that feeds read, by name: {@code scenes}, the embedded default that samclip writes to
 * disk first, and the user's own {@code sources}. Relative paths start from the working directory.
 *
 * @param scenes embedded default data: {@value #IMAGES}, and {@value #MASKS}, which have masks
 * @param sources the user's own
 * @param maxBrokenShare the run stops when more than this share of samples is broken
 * @param maxBadAnnotationShare the run stops when more than this share of annotations is bad
 * @param maxPixels larger images are refused by their header, before decoding
 * @param workers decoding threads
 * @param exifOrientation whether images are turned as their EXIF orientation says
 * @param spoolGib temporary files of compressed and remote archives, in GiB; also the largest such
 *     archive, unpacked
 */
public record DataSpec(
    @Optional ScenesSpec scenes,
    Map<String, SourceSpec> sources,
    double maxBrokenShare,
    double maxBadAnnotationShare,
    long maxPixels,
    int workers,
    boolean exifOrientation,
    double spoolGib) {

  /** Name of the scenes' images, with captions. */
  public static final String IMAGES = "images";

  /** Name of the scenes' images with masks. */
  public static final String MASKS = "masks";

  /** Checks names and formats. */
  public DataSpec {
    sources = Check.names("sources", sources);
    Check.that(
        scenes != null || !sources.isEmpty(), "scenes", "missing", "scenes, or sources, or both");
    sources.forEach((name, source) -> source.checkFormat("sources." + name));
    if (scenes != null) {
      for (String own : List.of(IMAGES, MASKS)) {
        Check.that(
            !sources.containsKey(own),
            "sources." + own,
            "a name of the scenes",
            "another name, or no scenes ('scenes: null' removes an inherited key)");
      }
    }
    Check.share("max_broken_share", maxBrokenShare);
    Check.share("max_bad_annotation_share", maxBadAnnotationShare);
    Check.atLeast(1, "max_pixels", maxPixels);
    Check.that(workers >= 1 && workers <= 1024, "workers", workers, "1 to 1024");
    Check.positive("spool_gib", spoolGib);
  }

  /**
   * @return the names of all data
   */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    if (scenes != null) {
      names.add(IMAGES);
      names.add(MASKS);
    }
    names.addAll(sources.keySet());
    return names;
  }

  /** Checks that a feed's data are there, with masks if it prompts. */
  void check(String key, FeedSpec feed) {
    Check.known(key + ".data", feed.data(), names());
    SourceSpec source = sources.get(feed.data());
    if (feed.prompts() != null) {
      Check.that(
          source == null ? feed.data().equals(MASKS) : source.hasMasks(),
          key + ".prompts",
          "given for data without masks",
          "data with masks: formats " + String.join(", ", SampleSources.maskFormats()));
    }
  }

  /**
   * The embedded scenes: composites of named sprites.
   *
   * @param seed of the scenes, apart from the run's
   * @param size side in pixels
   * @param images images of {@value DataSpec#IMAGES}
   * @param masks images of {@value DataSpec#MASKS}
   * @param nouns which classes both show
   * @param holdOut share of both that is kept from training, 0..0.5; losses are measured on it
   * @param crops images of single objects for validation, and as many for the test
   * @param scenes scenes for validation, and as many for the test
   * @param objects fewest and most objects drawn for a scene
   * @param side smallest and largest sprite of a scene, as shares of its side
   * @param dir folder they are written to; written once, then reused
   */
  public record ScenesSpec(
      long seed,
      int size,
      int images,
      int masks,
      Nouns nouns,
      double holdOut,
      int crops,
      int scenes,
      List<Integer> objects,
      List<Double> side,
      String dir) {

    /** Checks the counts. */
    public ScenesSpec {
      Check.that(size >= 16 && size <= 2048, "size", size, "16 to 2048 pixels");
      Check.atLeast(0, "images", images);
      Check.atLeast(0, "masks", masks);
      Check.that(
          holdOut >= 0 && holdOut <= .5,
          "hold_out",
          holdOut,
          "a share from 0 to 0.5, such as 0.01");
      Check.atLeast(0, "crops", crops);
      Check.atLeast(0, "scenes", scenes);
      objects = List.copyOf(objects);
      Check.that(
          objects.size() == 2
              && 1 <= objects.get(0)
              && objects.get(0) <= objects.get(1)
              && objects.get(1) <= 16,
          "objects",
          objects,
          "two counts from 1 to 16, the smaller first, such as [1, 5]");
      side = List.copyOf(side);
      Check.that(
          side.size() == 2 && .05 <= side.get(0) && side.get(0) < side.get(1) && side.get(1) <= 1,
          "side",
          side,
          "two shares from 0.05 to 1, the smaller first, such as [0.25, 0.6]");
      Check.notBlank("dir", dir);
    }
  }

  /**
   * A source on disk or on the network, or several mixed: either {@code shards} or {@code mix} is
   * given.
   *
   * @param source its format: the name of a {@link org.samclip.data.source.SampleSourceProvider}
   * @param shards path, folder or pattern such as {@code cc3m-{0000..0331}.tar}
   * @param mix several sources that feed one stream
   * @param subset share of the samples that is used, drawn by hash of the sample's key
   * @param holdOut share of the subset that is never trained on
   * @param shuffleBuffer samples of each source among which the next is drawn; 1 keeps the order
   * @param options settings of the format, by name; those of a mixture stand in its entries
   */
  public record SourceSpec(
      String source,
      @Optional String shards,
      @Optional List<MixSpec> mix,
      double subset,
      double holdOut,
      int shuffleBuffer,
      @Optional Map<String, String> options) {

    /** Checks the shares. */
    public SourceSpec {
      options = options == null ? Map.of() : Map.copyOf(options);
      if (mix == null) {
        Check.notBlank("shards", shards);
      } else {
        Check.that(
            shards == null,
            "shards",
            "given beside mix",
            "one of the two ('shards: null' removes an inherited key)");
        Check.that(options.isEmpty(), "options", "given beside mix", "options in mix's entries");
        mix = Check.notEmpty("mix", mix);
        Check.distinct("mix", mix, MixSpec::name);
        long weighted = mix.stream().filter(part -> part.weight() != null).count();
        Check.that(
            weighted == 0 || weighted == mix.size(),
            "mix",
            "a list in which " + weighted + " of " + mix.size() + " entries have a weight",
            "a weight in all of them or in none");
      }
      Check.that(subset > 0 && subset <= 1, "subset", subset, "above 0, up to 1");
      Check.that(holdOut >= 0 && holdOut < 1, "hold_out", holdOut, "0 up to below 1");
      Check.atLeast(1, "shuffle_buffer", shuffleBuffer);
    }

    void checkFormat(String key) {
      List<String> allowed = SampleSources.formats();
      if (mix == null) {
        requireFormat(key + ".source", source, allowed);
        return;
      }
      for (int i = 0; i < mix.size(); i++) {
        requireFormat(key + ".mix." + (i + 1) + ".source", mix.get(i).source(), allowed);
      }
    }

    /** Whether all of it comes in formats with masks. */
    boolean hasMasks() {
      List<String> formats =
          mix == null ? List.of(source) : mix.stream().map(MixSpec::source).toList();
      return SampleSources.maskFormats().containsAll(formats);
    }

    private static void requireFormat(String key, String format, List<String> allowed) {
      if (!allowed.contains(format)) {
        throw new InvalidValue(
            key,
            "is "
                + format
                + "; allowed here: "
                + String.join(", ", allowed)
                + "."
                + NearestName.hint(format, allowed));
      }
    }
  }

  /**
   * One source of a mixture.
   *
   * @param name stands before the keys of its samples, in metrics and in messages
   * @param source its format
   * @param shards path, folder or pattern
   * @param weight its share of the draws, in proportion to the others'; null: as many draws as it
   *     has samples, so that every sample comes once in an epoch
   * @param subset share of its samples that is used; the mixture's own subset multiplies it
   * @param options settings of the format, by name
   */
  public record MixSpec(
      String name,
      String source,
      String shards,
      @Optional Double weight,
      double subset,
      @Optional Map<String, String> options) {

    /** Checks name, weight and share. */
    public MixSpec {
      options = options == null ? Map.of() : Map.copyOf(options);
      Check.name("name", name);
      Check.notBlank("shards", shards);
      if (weight != null) {
        Check.positive("weight", weight);
      }
      Check.that(subset > 0 && subset <= 1, "subset", subset, "above 0, up to 1");
    }
  }
}
