package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.SampleRef.Member;
import org.samclip.data.transform.RgbImage;

/**
 * COCO's JSON as training data: instances and LVIS (polygons, run lengths, compressed strings),
 * captions (the first of each image), and panoptic segmentation (a PNG of segment numbers beside).
 * Crowds are left out: they are no single object. A shard is a piece of 1000 images.
 */
public final class CocoSource extends ReadSource {

  private static final int IMAGES_PER_SHARD = 1000;
  private static final String PANOPTIC = "panoptic.png";

  private final List<Shard> shards = new ArrayList<>();
  private final Map<Shard, Piece> pieces = new HashMap<>();

  /** What the files state of an image, by its key. */
  private final Map<String, CocoIndex.Image> entries = new HashMap<>();

  /** The images of a shard: from one index up to another. */
  private record Piece(CocoFile file, int from, int to) {}

  /** An annotation file and the folders that go with it; panoptic is null for other files. */
  private record CocoFile(Path json, CocoIndex index, Path images, Path panoptic) {}

  /** The format {@code coco}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "coco";
    }

    @Override
    public boolean hasMasks() {
      return true;
    }

    @Override
    public boolean hasText() {
      return true;
    }

    @Override
    public SampleSource open(SourceOptions options) {
      return new CocoSource(options);
    }
  }

  /**
   * @param options whose patterns name annotation files. Settings: {@code images}, the images'
   *     folder, and {@code panoptic}, the folder of segment maps; both are looked for in COCO's own
   *     places otherwise
   * @throws UserError if a path does not exist or a file is not COCO's JSON
   */
  public CocoSource(SourceOptions options) {
    super(options);
    options.checkSettings(Set.of("images", "panoptic"));
    for (String pattern : options.patterns()) {
      for (Path json : FilePatterns.find(pattern)) {
        CocoFile file = open(json);
        file.index().leftOut().entries().forEach(leftOut::add);
        add(file);
      }
    }
  }

  private CocoFile open(Path json) {
    CocoIndex index = new CocoIndex(json);
    Path images = options.path("images");
    Path folder = images != null ? images : imagesOf(json, index);
    EvaluationFiles.requireFolder(folder, "expected the images of " + json);
    Path panoptic = options.path("panoptic");
    if (panoptic == null) {
      Path beside = json.resolveSibling(EvaluationFiles.stem(json));
      panoptic = Files.isDirectory(beside) ? beside : null;
    } else {
      EvaluationFiles.requireFolder(panoptic, "expected the segment maps of " + json);
    }
    return new CocoFile(json, index, folder, panoptic);
  }

  /** COCO's layout is ROOT/annotations/instances_SPLIT.json and ROOT/SPLIT. */
  private static Path imagesOf(Path json, CocoIndex index) {
    String firstImage =
        index.images().stream().filter(i -> i.failure() == null).findFirst().orElseThrow().file();
    String stem = EvaluationFiles.stem(json);
    String split = stem.substring(stem.lastIndexOf('_') + 1);
    Path root = json.resolveSibling("..").normalize();
    List<Path> places =
        List.of(
            root.resolve(split),
            root.resolve("images").resolve(split),
            json.resolveSibling(split),
            json.resolveSibling("images"),
            root.resolve("images"),
            root);
    for (Path place : places) {
      if (Files.isRegularFile(place.resolve(firstImage))) {
        return place;
      }
    }
    throw new UserError(
        json + ": its first image " + firstImage + " is in none of " + places + "; set images");
  }

  private void add(CocoFile file) {
    file.index().images().forEach(image -> entries.putIfAbsent(image.file(), image));
    int count = file.index().images().size();
    for (int from = 0; from < count; from += IMAGES_PER_SHARD) {
      int to = Math.min(count, from + IMAGES_PER_SHARD);
      Shard shard =
          new Shard(file.json().getFileName() + "[" + from + ".." + (to - 1) + "]", file.json());
      shards.add(shard);
      pieces.put(shard, new Piece(file, from, to));
    }
  }

  /** Where an image is; a name that leaves its folder is refused. */
  static Path file(Path json, Path folder, CocoIndex.Image image) {
    Path file = folder.resolve(image.file()).normalize();
    if (!file.startsWith(folder.normalize())) {
      throw new UserError(json + ": image file_name \"" + image.file() + "\" leaves " + folder);
    }
    return file;
  }

  /** Polygons on an image that was scaled since would lie beside their objects. */
  static void checkSize(RgbImage image, CocoIndex.Image entry) {
    int width = entry.width() == 0 ? image.width() : entry.width();
    int height = entry.height() == 0 ? image.height() : entry.height();
    if (image.width() != width || image.height() != height) {
      throw new BrokenSampleException(
          Kind.BAD_ANNOTATION,
          entry.file()
              + ": "
              + image.width()
              + " x "
              + image.height()
              + " pixels, but the annotation file says "
              + width
              + " x "
              + height);
    }
  }

  @Override
  public List<Shard> shards() {
    return List.copyOf(shards);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    Piece piece = pieces.get(shard);
    List<SampleRef> samples = new ArrayList<>();
    for (int i = piece.from(); i < piece.to(); i++) {
      samples.add(ref(shard, piece.file(), i));
    }
    return samples;
  }

  private SampleRef ref(Shard shard, CocoFile from, int i) {
    CocoIndex.Image image = from.index().images().get(i);
    if (image.failure() != null) {
      return SampleRef.broken(shard, image.file(), image.failure());
    }
    try {
      Path file = file(from.json(), from.images(), image);
      List<Member> members = new ArrayList<>(from.index().annotations(i));
      if (from.panoptic() != null) {
        String map = image.file().replaceAll("\\.[^.]*$", ".png");
        members.add(ImageFields.member(PANOPTIC, from.panoptic().resolve(map)));
      }
      members.add(ImageFields.member(ImageFields.extension(file), file));
      return new SampleRef(shard, image.file(), members, null);
    } catch (UserError e) {
      BrokenSampleException why =
          new BrokenSampleException(Kind.UNREADABLE, e.getMessage(), e.getCause());
      return SampleRef.broken(shard, image.file(), why);
    }
  }

  @Override
  public Sample decode(RawSample raw) {
    RgbImage image = ImageFields.decode(raw, options);
    List<RunLengthMask> masks = new ArrayList<>();
    List<BadAnnotation> bad = new ArrayList<>();
    String text = null;
    byte[] panoptic = raw.fields().get(PANOPTIC);
    for (CocoIndex.Text annotation : CocoIndex.texts(raw)) {
      String entry = annotation.entry();
      String name = raw.key() + ", " + entry;
      JsonNode node = AnnotationJson.parse(annotation.json(), name);
      if (node.path("caption").isTextual()) {
        text = text == null ? node.path("caption").textValue().strip() : text;
        continue;
      }
      checkSize(image, entries.get(raw.key()));
      if (panoptic != null) {
        PanopticPng.masks(panoptic, node, image, entry, name, options.limits(), masks, bad);
      } else {
        addMask(node, image, entry, name, masks, bad);
      }
    }
    if (text == null && options.textRequired()) {
      throw new BrokenSampleException(Kind.MISSING_FIELD, raw.key() + ": no \"caption\"");
    }
    return new Sample(raw.key(), image, text, masks, bad);
  }

  /** Adds an object's mask; a crowd's is judged alike, and left out. */
  static void addMask(
      JsonNode annotation,
      RgbImage image,
      String entry,
      String name,
      List<RunLengthMask> masks,
      List<BadAnnotation> bad) {
    AnnotationJson.collect(
        entry,
        bad,
        () -> AnnotationJson.region(annotation, image.height(), image.width(), name),
        region -> {
          if (!region.crowd()) {
            masks.add(region.mask());
          }
        });
  }
}
