package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.SampleRef.Member;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.RgbImage;

/**
 * SA-1B's own layout: {@code sa_N.jpg} (or png) beside {@code sa_N.json}, whose {@code
 * annotations[].segmentation} is {@code {"size": [h, w], "counts": "..."}}; in tar archives as
 * published, or unpacked in folders.
 */
public final class Sa1bSource implements SampleSource {

  private static final String[] IMAGES = {"jpg", "jpeg", "png"};
  private static final Set<String> FIELDS = Set.of("jpg", "jpeg", "png", "json");

  private final String name;
  private final DataLimits limits;
  private final List<Shard> shards;

  /**
   * @param name what messages call it
   * @param patterns tar files, folders of tar files, or folders of images and JSON files; with
   *     {@code {0..9}}, {@code {a,b}} and {@code *}
   * @param limits what one sample may cost
   * @throws UserError if a path does not exist or nothing is found
   */
  public Sa1bSource(String name, List<String> patterns, DataLimits limits) {
    this.name = name;
    this.limits = limits;
    List<Shard> found = new ArrayList<>();
    for (String pattern : patterns) {
      for (Path path : FilePatterns.find(pattern)) {
        List<Path> archives = Files.isDirectory(path) ? Archives.inFolder(path) : List.of(path);
        (archives.isEmpty() ? List.of(path) : archives).forEach(p -> found.add(Shard.of(p)));
      }
    }
    for (Shard shard : found) {
      if (Files.isDirectory(shard.path()) && list(shard).isEmpty()) {
        throw new UserError(
            name
                + ": "
                + shard.path()
                + " holds no tar archive and no images with .json beside them");
      }
    }
    if (found.isEmpty()) {
      throw new UserError(name + ": no path given; name tar files or folders");
    }
    shards = List.copyOf(found);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Shard> shards() {
    return shards;
  }

  @Override
  public DataLimits limits() {
    return limits;
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    return Files.isDirectory(shard.path()) ? listFolder(shard) : TarIndex.list(shard, FIELDS);
  }

  private static List<SampleRef> listFolder(Shard shard) {
    Map<String, List<Member>> members = new TreeMap<>();
    for (Path file : FilePatterns.list(shard.path())) {
      String fileName = file.getFileName().toString();
      int dot = fileName.indexOf('.');
      String field = fileName.substring(dot + 1).toLowerCase(Locale.ROOT);
      if (dot > 0 && FIELDS.contains(field) && Files.isRegularFile(file)) {
        members
            .computeIfAbsent(fileName.substring(0, dot), key -> new ArrayList<>())
            .add(new Member(field, file, 0, size(file)));
      }
    }
    List<SampleRef> samples = new ArrayList<>();
    members.forEach((key, fields) -> samples.add(new SampleRef(shard, key, fields, null)));
    return samples;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e + ")", e);
    }
  }

  @Override
  public Sample decode(RawSample raw) {
    byte[] bytes = raw.require(IMAGES);
    String file = raw.key() + ".json";
    JsonNode annotations = AnnotationJson.parse(raw.require("json"), file).path("annotations");
    if (!annotations.isArray()) {
      throw new BrokenSampleException(Kind.BAD_ANNOTATION, file + ": no list \"annotations\"");
    }
    RgbImage image = ImageDecoder.decode(bytes, raw.key(), limits.maxPixels());
    List<RunLengthMask> masks = new ArrayList<>();
    for (int i = 0; i < annotations.size(); i++) {
      masks.add(
          AnnotationJson.mask(
              annotations.get(i).path("segmentation"),
              image.height(),
              image.width(),
              file + ", annotation " + i));
    }
    return new Sample(raw.key(), image, null, masks);
  }
}
