package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.ImageDecoder;

/**
 * WebDataset tar archives of images and captions: {@code KEY.jpg|jpeg|png} with {@code KEY.txt}, or
 * {@code KEY.json} with a string {@code caption} or {@code text}.
 */
public final class WebDatasetSource implements SampleSource {

  private static final String[] IMAGES = {"jpg", "jpeg", "png"};
  private static final Set<String> FIELDS = Set.of("jpg", "jpeg", "png", "txt", "json");

  private final String name;
  private final boolean textRequired;
  private final DataLimits limits;
  private final List<Shard> shards;

  /**
   * @param name what messages call it
   * @param patterns tar files, with {@code {0..9}}, {@code {a,b}} and {@code *}; or folders of tar
   *     files
   * @param textRequired whether a sample without a caption is broken
   * @param limits what one sample may cost
   * @throws UserError if a path does not exist or no archive is found
   */
  public WebDatasetSource(
      String name, List<String> patterns, boolean textRequired, DataLimits limits) {
    this.name = name;
    this.textRequired = textRequired;
    this.limits = limits;
    List<Shard> found = new ArrayList<>();
    for (String pattern : patterns) {
      for (Path path : FilePatterns.find(pattern)) {
        (Files.isDirectory(path) ? Archives.inFolder(path) : List.of(path))
            .forEach(file -> found.add(Shard.of(file)));
      }
    }
    if (found.isEmpty()) {
      throw new UserError(
          name + ": no tar archive in " + patterns + "; name .tar files or a folder of them");
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
    return TarIndex.list(shard, FIELDS);
  }

  @Override
  public Sample decode(RawSample raw) {
    byte[] image = raw.require(IMAGES);
    String text = text(raw);
    if (text == null && textRequired) {
      throw new BrokenSampleException(
          Kind.MISSING_FIELD, raw.key() + ": no caption (txt, or json with \"caption\")");
    }
    return new Sample(
        raw.key(), ImageDecoder.decode(image, raw.key(), limits.maxPixels()), text, List.of());
  }

  private static String text(RawSample raw) {
    byte[] text = raw.fields().get("txt");
    if (text != null) {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString().strip();
      } catch (CharacterCodingException e) {
        throw new BrokenSampleException(Kind.BAD_ANNOTATION, raw.key() + ".txt: not UTF-8 text", e);
      }
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
}
