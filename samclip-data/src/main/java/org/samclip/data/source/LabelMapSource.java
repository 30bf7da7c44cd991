package org.samclip.data.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.mask.RegionMasks;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;

/**
 * Images with label maps as training data: one mask for each class that is in the picture. Data
 * sets differ in folders, in the number that does not count, in where classes begin and in whether
 * maps hold numbers or colours; the settings say so.
 */
public final class LabelMapSource extends ReadSource {

  /** The field of a label map, before the number of the folder whose layout it has. */
  private static final String LABELS = "labels.";

  private final List<LabelLayout> layouts = new ArrayList<>();
  private final List<Shard> shards = new ArrayList<>();

  /** The format {@code label-maps}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "label-maps";
    }

    @Override
    public boolean hasMasks() {
      return true;
    }

    @Override
    public boolean hasText() {
      return false;
    }

    @Override
    public SampleSource open(SourceOptions options) {
      return new LabelMapSource(options);
    }
  }

  /**
   * @param options whose patterns name data sets' folders. Settings, with paths from there: {@code
   *     images}, {@code labels}, {@code image_suffix}, {@code suffix}, {@code names}, {@code
   *     ignore}, {@code reduce_zero_label}, {@code colours}; they come before those of a folder's
   *     {@code layout.properties}
   * @throws org.samclip.UserError if a folder is missing or an image lacks its map
   */
  public LabelMapSource(SourceOptions options) {
    super(options);
    for (String pattern : options.patterns()) {
      for (Path root : FilePatterns.find(pattern)) {
        layouts.add(LabelLayout.of(root, options.settings(), "the options of " + options.name()));
        shards.add(Shard.of(root));
        list(layouts.size() - 1, leftOut);
      }
    }
  }

  @Override
  public List<Shard> shards() {
    return List.copyOf(shards);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    return list(shards.indexOf(shard), new LeftOut());
  }

  private List<SampleRef> list(int number, LeftOut passedOver) {
    List<SampleRef> samples = new ArrayList<>();
    for (LabelLayout.Pair pair : layouts.get(number).pairs(passedOver)) {
      samples.add(
          new SampleRef(
              shards.get(number),
              pair.key(),
              List.of(
                  ImageFields.member(ImageFields.extension(pair.image()), pair.image()),
                  ImageFields.member(LABELS + number, pair.labels())),
              null));
    }
    return samples;
  }

  @Override
  public Sample decode(RawSample raw) {
    RgbImage image = ImageFields.decode(raw, options);
    String field =
        raw.fields().keySet().stream().filter(f -> f.startsWith(LABELS)).findFirst().orElse(LABELS);
    byte[] bytes = raw.require(field);
    LabelLayout layout = layouts.get(Integer.parseInt(field.substring(LABELS.length())));
    StoredLabels map = layout.read(bytes, raw.key() + ", label map", image, options.limits());
    List<RunLengthMask> masks = new ArrayList<>();
    char[] numbers = map.numbers();
    RegionMasks.of(
        map.height(),
        map.width(),
        i -> numbers[i],
        layout::counts,
        (number, mask) -> masks.add(mask));
    return new Sample(raw.key(), image, null, masks);
  }
}
