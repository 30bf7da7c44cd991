package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.replay.Rank;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.Augmentation;
import org.samclip.data.transform.Crop;
import org.samclip.data.transform.Mosaic;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.train.recipe.AreaScaledBatch.Draw;
import org.samclip.train.recipe.FeedSpec;

/**
 * Random resized crops: all networks see the same part of an image, each at its own side and
 * normalisation. All randomness comes from seed, pass and key; shifts from seed and step.
 */
final class CropMaker implements BatchMaker {

  /** Decoded images that are cut and resized at the same time, by all processors. */
  private static final int CHUNK = 32;

  // Keeps the augmentations' stream apart from the crop's, which has the same seed.
  private static final long AUGMENT = 0x41C64E6D12D687A5L;

  private final ReplayStream stream;
  private final RandomResizedCrop crop;
  private final Optional<Augmentation> augmentation;
  private final int views;
  private final int shift;
  private final List<Viewer> viewers;
  private final long seed;
  private final Rank rank;
  private final int together;

  /**
   * @param spec of the feed
   * @param stream of images
   * @param viewers the student first
   * @param seed of the crops
   * @param rank whose share of each batch is made
   */
  CropMaker(FeedSpec spec, ReplayStream stream, List<Viewer> viewers, long seed, Rank rank) {
    this.stream = stream;
    this.crop = new RandomResizedCrop(spec.crop().get(0), spec.crop().get(1), 3. / 4, 4. / 3);
    this.augmentation =
        Optional.ofNullable(spec.augment()).map(augment -> new Augmentation(augment.options()));
    this.views = spec.views();
    this.shift = spec.shift();
    this.viewers = viewers;
    this.seed = seed;
    this.rank = rank;
    this.together = viewers.stream().anyMatch(Viewer::mosaic) ? Mosaic.IMAGES : 1;
  }

  @Override
  public ImageBatch of(long step, Draw draw) {
    Share share = Share.of(rank, draw.batchSize(), together);
    int resolution = draw.resolution();
    Shifts shifts = Shifts.draw(shift, viewers, seed, step, resolution);
    // One image serves all that see it at the same side, moved by as much.
    Map<Cut, RgbImage[]> cuts = new LinkedHashMap<>();
    for (Viewer viewer : viewers) {
      cuts.computeIfAbsent(cut(viewer, resolution, shifts), any -> new RgbImage[share.size()]);
    }
    List<String> texts = new ArrayList<>(share.size());
    for (int i = 0; i < share.all(); ) {
      List<Runnable> chunk = new ArrayList<>(CHUNK);
      for (; i < share.all() && chunk.size() < CHUNK; i++) {
        Sample sample = stream.next();
        if (!share.has(i)) {
          continue;
        }
        long pass = stream.sourcePass();
        long own = KeyHash.seed(seed, views == 0 ? pass : pass % views, sample.key());
        int at = i - share.from();
        chunk.add(() -> cut(sample.image(), own, cuts, at));
        texts.add(sample.text());
      }
      chunk.parallelStream().forEach(Runnable::run);
    }
    Map<Cut, List<RgbImage>> mosaics = new LinkedHashMap<>();
    Map<String, ImageView> seen = new LinkedHashMap<>();
    for (Viewer viewer : viewers) {
      Cut cut = cut(viewer, resolution, shifts);
      List<RgbImage> images = Arrays.asList(cuts.get(cut));
      if (viewer.mosaic()) {
        images = mosaics.computeIfAbsent(cut, any -> mosaics(Arrays.asList(cuts.get(cut))));
      }
      int side = viewer.side().applyAsInt(resolution);
      seen.put(viewer.name(), new ImageView(side, viewer.normalisation(), images));
    }
    return new ImageBatch(seen, shifts, null, texts, 0, share);
  }

  /**
   * What of a crop a network sees.
   *
   * @param picture side in pixels of the whole crop, resized
   * @param window what is cut out of it
   */
  private record Cut(int picture, Crop window) {

    RgbImage of(RgbImage crop) {
      return Resampling.BICUBIC.resize(crop, picture, picture, window);
    }
  }

  private Cut cut(Viewer viewer, int resolution, Shifts shifts) {
    int side = viewer.imageSide(resolution);
    if (shift == 0) {
      return new Cut(side, Crop.whole(side, side));
    }
    int patches = side / viewer.patch();
    return new Cut(
        (patches + 2 * shift) * viewer.patch(),
        shifts.of(viewer.name()).window(patches, patches, shift, viewer.patch()));
  }

  /** Cuts one image for all networks. */
  private void cut(RgbImage image, long own, Map<Cut, RgbImage[]> cuts, int at) {
    RgbImage whole =
        varied(image.crop(crop.draw(image.width(), image.height(), own)), own, cuts.keySet());
    cuts.forEach((cut, images) -> images[at] = cut.of(whole));
  }

  /** Once, at the largest side; what others see is made of it. */
  private RgbImage varied(RgbImage image, long own, Set<Cut> cuts) {
    if (augmentation.isEmpty()) {
      return image;
    }
    int side = cuts.stream().mapToInt(Cut::picture).max().orElseThrow();
    return augmentation.get().apply(Resampling.BICUBIC.resize(image, side, side), own ^ AUGMENT);
  }

  private static List<RgbImage> mosaics(List<RgbImage> images) {
    List<RgbImage> mosaics = new ArrayList<>();
    for (int from = 0; from < images.size(); from += Mosaic.IMAGES) {
      mosaics.add(Mosaic.of(images.subList(from, from + Mosaic.IMAGES)));
    }
    return mosaics;
  }
}
