package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.source.SampleRef.Member;
import org.samclip.data.transform.RgbImage;

/**
 * SA-1B's own layout: {@code sa_N.jpg} (or png, webp) beside {@code sa_N.json}, whose {@code
 * annotations[].segmentation} is {@code {"size": [h, w], "counts": "..."}}; in tar archives as
 * published, or unpacked in folders.
 */
public final class Sa1bSource extends ReadSource {

  private static final Set<String> FIELDS = ImageFields.with(Set.of("json"));

  private final List<Shard> shards;

  /** The format {@code sa1b}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "sa1b";
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
      return new Sa1bSource(options);
    }
  }

  /**
   * @param options whose patterns name tar files, folders of tar files, or folders of images and
   *     JSON files, with {@code {0..9}}, {@code {a,b}} and {@code *}; or addresses of tar files
   * @throws UserError if a path does not exist or nothing is found
   */
  public Sa1bSource(SourceOptions options) {
    super(options);
    options.checkSettings(Set.of());
    shards = List.copyOf(Archives.find(options.patterns(), true, leftOut));
    for (Shard shard : shards) {
      if (Files.isDirectory(shard.path()) && list(shard).isEmpty()) {
        throw new UserError(
            options.name()
                + ": "
                + FilePatterns.found(shard.path())
                + ": no tar archive and no images with .json beside them");
      }
    }
  }

  /**
   * Without EXIF orientation, with temporary files of its own.
   *
   * @param name what messages call it
   * @param patterns as in the options
   * @param limits what one sample may cost
   * @throws UserError if a path does not exist or nothing is found
   */
  public Sa1bSource(String name, List<String> patterns, DataLimits limits) {
    this(new SourceOptions(name, patterns, limits));
  }

  @Override
  public List<Shard> shards() {
    return shards;
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    return list(shard, new LeftOut());
  }

  @Override
  public List<SampleRef> list(Shard shard, LeftOut leftOut) {
    return Files.isDirectory(shard.path())
        ? listFolder(shard, leftOut)
        : TarIndex.list(shard, FIELDS, spare, options.store(), leftOut);
  }

  private static List<SampleRef> listFolder(Shard shard, LeftOut leftOut) {
    Map<String, List<Member>> members = new TreeMap<>();
    for (Path file : FilePatterns.list(shard.path(), leftOut)) {
      String fileName = file.getFileName().toString();
      int dot = fileName.indexOf('.');
      String field = fileName.substring(dot + 1).toLowerCase(Locale.ROOT);
      if (!Files.isRegularFile(file)) {
        leftOut.add(Rule.NESTED, fileName + "/");
      } else if (dot > 0 && FIELDS.contains(field)) {
        members
            .computeIfAbsent(fileName.substring(0, dot), key -> new ArrayList<>())
            .add(ImageFields.member(field, file));
      } else {
        leftOut.add(ImageFields.isImage(file) ? Rule.DOTTED_IMAGE : Rule.OTHER_FIELD, fileName);
      }
    }
    List<SampleRef> samples = new ArrayList<>();
    members.forEach((key, fields) -> samples.add(new SampleRef(shard, key, fields, null)));
    return samples;
  }

  @Override
  public Sample decode(RawSample raw) {
    String file = raw.key() + ".json";
    JsonNode annotations = AnnotationJson.parse(raw.require("json"), file).path("annotations");
    if (!annotations.isArray()) {
      throw new BrokenSampleException(Kind.BAD_ANNOTATION, file + ": no list \"annotations\"");
    }
    RgbImage image = ImageFields.decode(raw, options);
    List<RunLengthMask> masks = new ArrayList<>();
    List<BadAnnotation> bad = new ArrayList<>();
    for (int i = 0; i < annotations.size(); i++) {
      JsonNode segmentation = annotations.get(i).path("segmentation");
      String entry = "annotations[" + i + "]";
      String name = file + ", " + entry;
      AnnotationJson.collect(
          entry,
          bad,
          () -> AnnotationJson.mask(segmentation, image.height(), image.width(), name),
          masks::add);
    }
    return new Sample(raw.key(), image, null, masks, bad);
  }
}
