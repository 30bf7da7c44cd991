package org.samclip.data.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;

/**
 * Folders of images, at any depth: ImageNet's {@code train/n01440764/*.JPEG} as well as a flat one.
 * A text file of the same name beside an image is its caption. A shard is one folder; links to
 * folders are not followed.
 */
public final class ImageFolderSource extends ReadSource {

  private final List<Shard> shards = new ArrayList<>();
  private final Map<Shard, String> prefixes = new HashMap<>();

  /** The format {@code image-folder}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "image-folder";
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
      return new ImageFolderSource(options);
    }
  }

  /**
   * @param options whose patterns name folders
   * @throws UserError if a folder does not exist or there is no image in it
   */
  public ImageFolderSource(SourceOptions options) {
    super(options);
    options.checkSettings(Set.of());
    for (String pattern : options.patterns()) {
      for (Path root : FilePatterns.find(pattern)) {
        EvaluationFiles.requireFolder(root, "expected a folder of images");
        folders(root).forEach(folder -> add(root, folder));
      }
    }
    if (shards.isEmpty()) {
      throw new UserError(
          options.name()
              + ": no image in "
              + options.patterns()
              + "; allowed: "
              + ImageFields.EXTENSIONS);
    }
  }

  private static List<Path> folders(Path root) {
    try (Stream<Path> tree = Files.walk(root)) {
      return tree.filter(Files::isDirectory).sorted().toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new UserError(root + ": cannot be listed (" + e + ")", e);
    }
  }

  private void add(Path root, Path folder) {
    if (EvaluationFiles.images(folder).isEmpty()) {
      return;
    }
    Path inside = root.relativize(folder);
    boolean top = inside.toString().isEmpty();
    Shard shard = new Shard(top ? folder.getFileName().toString() : inside.toString(), folder);
    shards.add(shard);
    prefixes.put(shard, top ? "" : inside.toString().replace('\\', '/') + "/");
  }

  @Override
  public List<Shard> shards() {
    return List.copyOf(shards);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    List<SampleRef> samples = new ArrayList<>();
    for (Path image : EvaluationFiles.images(shard.path())) {
      List<Member> members = new ArrayList<>();
      members.add(ImageFields.member(ImageFields.extension(image), image));
      Path text = image.resolveSibling(EvaluationFiles.stem(image) + ".txt");
      if (Files.isRegularFile(text)) {
        members.add(ImageFields.member("txt", text));
      }
      // With the extension: a.jpg and a.png are two pictures here.
      samples.add(new SampleRef(shard, prefixes.get(shard) + image.getFileName(), members, null));
    }
    return samples;
  }

  @Override
  public Sample decode(RawSample raw) {
    byte[] text = raw.fields().get("txt");
    if (text == null && options.textRequired()) {
      throw new BrokenSampleException(
          Kind.MISSING_FIELD, raw.key() + ": no caption (a .txt file beside the image)");
    }
    return new Sample(
        raw.key(),
        ImageFields.decode(raw, options),
        text == null ? null : WebDatasetSource.text(text, raw.key()),
        List.of());
  }
}
