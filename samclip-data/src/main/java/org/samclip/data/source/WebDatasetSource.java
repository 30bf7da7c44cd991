package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

/**
 * WebDataset tar archives of images and captions: {@code KEY.jpg|jpeg|png|webp} with {@code
 * KEY.txt}, or {@code KEY.json} with a string {@code caption} or {@code text}; plain, gzipped or
 * zstd-compressed, on disk or at a web address.
 */
public final class WebDatasetSource extends ReadSource {

  private static final Set<String> CAPTIONS = Set.of("txt", "json");
  private static final Set<String> FIELDS = ImageFields.with(CAPTIONS);

  private final List<Shard> shards;

  /** The format {@code webdataset}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "webdataset";
    }

    @Override
    public boolean hasMasks() {
      return false;
    }

    @Override
    public boolean hasText() {
      return true;
    }

    @Override
    public SampleSource open(SourceOptions options) {
      return new WebDatasetSource(options);
    }
  }

  /**
   * @param options whose patterns name tar files, with {@code {0..9}}, {@code {a,b}} and {@code *};
   *     folders of tar files; or addresses with {@code {0..9}} and {@code {a,b}}
   * @throws UserError if a path does not exist or no archive is found
   */
  public WebDatasetSource(SourceOptions options) {
    super(options, CAPTIONS);
    options.checkSettings(Set.of());
    shards = List.copyOf(Archives.find(options.patterns(), false, leftOut));
    if (shards.isEmpty()) {
      throw new UserError(
          options.name()
              + ": no tar archive in "
              + FilePatterns.found(options.patterns())
              + "; name .tar, .tar.gz or .tar.zst files or a folder of them");
    }
  }

  /**
   * Without EXIF orientation, with temporary files of its own.
   *
   * @param name what messages call it
   * @param patterns as in the options
   * @param textRequired whether a sample without a caption is broken
   * @param limits what one sample may cost
   * @throws UserError if a path does not exist or no archive is found
   */
  public WebDatasetSource(
      String name, List<String> patterns, boolean textRequired, DataLimits limits) {
    this(
        new SourceOptions(name, patterns, textRequired, false, Map.of(), limits, new ShardStore()));
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
    return TarIndex.list(shard, FIELDS, spare, options.store(), leftOut);
  }

  @Override
  public Sample decode(RawSample raw) {
    String text = caption(raw, WebDatasetSource::text);
    if (text == null && options.textRequired()) {
      throw new BrokenSampleException(
          Kind.MISSING_FIELD, raw.key() + ": no caption (txt, or json with \"caption\")");
    }
    return new Sample(raw.key(), ImageFields.decode(raw, options), text, List.of());
  }

  private static String text(RawSample raw) {
    byte[] text = raw.fields().get("txt");
    if (text != null) {
      return text(text, raw.key() + ".txt");
    }
    byte[] json = raw.fields().get("json");
    if (json == null) {
      return null;
    }
    JsonNode node = AnnotationJson.parse(json, raw.key() + ".json");
    for (String field : List.of("caption", "text")) {
      if (node.path(field).isTextual()) {
        return node.path(field).textValue().strip();
      }
    }
    return null;
  }

  /** A caption file's text. */
  static String text(byte[] bytes, String name) {
    try {
      return TextFile.decode(bytes).strip();
    } catch (CharacterCodingException e) {
      throw new BrokenSampleException(Kind.BAD_ANNOTATION, name + ": not UTF-8 text", e);
    }
  }
}
