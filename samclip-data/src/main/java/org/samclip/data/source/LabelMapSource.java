package org.samclip.data.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RegionMasks;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/**
 * Images with label maps as training data: one mask for each class that is in the picture. VOC,
 * ADE20k and COCO-Stuff differ in folders, in the number that does not count and in where classes
 * begin; the settings say so.
 */
public final class LabelMapSource extends ReadSource {

  private static final String LABELS = "labels.png";

  private final Map<Shard, LabelLayout> layouts = new HashMap<>();
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
   *     images}, {@code labels}, {@code suffix}, {@code names}, {@code ignore}, {@code
   *     reduce_zero_label}
   * @throws org.samclip.UserError if a folder is missing or an image lacks its map
   */
  public LabelMapSource(SourceOptions options) {
    super(options);
    for (String pattern : options.patterns()) {
      for (Path root : FilePatterns.find(pattern)) {
        Shard shard = Shard.of(root);
        layouts.put(
            shard, LabelLayout.of(root, options.settings(), "the options of " + options.name()));
        shards.add(shard);
        list(shard);
      }
    }
  }

  @Override
  public List<Shard> shards() {
    return List.copyOf(shards);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    List<SampleRef> samples = new ArrayList<>();
    for (LabelLayout.Pair pair : layouts.get(shard).pairs()) {
      samples.add(
          new SampleRef(
              shard,
              pair.key(),
              List.of(
                  ImageFields.member(ImageFields.extension(pair.image()), pair.image()),
                  ImageFields.member(LABELS, pair.labels())),
              null));
    }
    return samples;
  }

  @Override
  public Sample decode(RawSample raw) {
    RgbImage image = ImageFields.decode(raw, options);
    String name = raw.key() + ", label map";
    LabelMap map =
        ImageDecoder.decodeLabels(raw.require(LABELS), name, options.limits().maxPixels());
    if (map.width() != image.width() || map.height() != image.height()) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          name
              + ": "
              + map.width()
              + " x "
              + map.height()
              + ", but the image has "
              + image.width()
              + " x "
              + image.height());
    }
    // The meaning of numbers is the same in all folders of one source.
    LabelLayout layout = layouts.values().iterator().next();
    List<RunLengthMask> masks = new ArrayList<>();
    byte[] labels = map.labels();
    RegionMasks.of(
        map.height(),
        map.width(),
        i -> labels[i] & 0xFF,
        label -> layout.classOf(label) != LabelMapFolder.IGNORE,
        (label, mask) -> masks.add(mask));
    return new Sample(raw.key(), image, null, masks);
  }
}
