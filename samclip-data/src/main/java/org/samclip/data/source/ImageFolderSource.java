package org.samclip.data.source;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.source.SampleRef.Member;

/**
 * Folders of images, at any depth: ImageNet's {@code train/n01440764/*.JPEG} as well as a flat one.
 * A text file of the same name beside an image is its caption. A shard is one folder; links to
 * folders are not followed.
 */
public final class ImageFolderSource extends ReadSource {

  private static final String CAPTION = "txt";

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
    super(options, Set.of(CAPTION));
    options.checkSettings(Set.of());
    for (String pattern : options.patterns()) {
      for (Path root : FilePatterns.find(pattern)) {
        EvaluationFiles.requireFolder(root, "expected a folder of images");
        FilePatterns.folders(root, leftOut).forEach(folder -> add(root, folder));
      }
    }
    if (shards.isEmpty()) {
      throw new UserError(
          options.name()
              + ": no image in "
              + FilePatterns.found(options.patterns())
              + "; allowed: "
              + ImageFields.EXTENSIONS);
    }
  }

  private void add(Path root, Path folder) {
    Set<String> stems = new HashSet<>();
    List<Path> images = EvaluationFiles.images(folder);
    images.forEach(image -> stems.add(EvaluationFiles.stem(image)));
    for (Path file : FilePatterns.list(folder)) {
      boolean caption =
          ImageFields.extension(file).equals(CAPTION) && stems.contains(EvaluationFiles.stem(file));
      if (!caption && !ImageFields.isImage(file) && !Files.isDirectory(file, NOFOLLOW_LINKS)) {
        leftOut.add(
            Files.isDirectory(file) ? Rule.LINKED_FOLDER : Rule.OTHER_FILE,
            root.relativize(file).toString());
      }
    }
    if (images.isEmpty()) {
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
      Path text = image.resolveSibling(EvaluationFiles.stem(image) + "." + CAPTION);
      if (Files.isRegularFile(text)) {
        members.add(ImageFields.member(CAPTION, text));
      }
      // With the extension: a.jpg and a.png are two pictures here.
      samples.add(new SampleRef(shard, prefixes.get(shard) + image.getFileName(), members, null));
    }
    return samples;
  }

  @Override
  public Sample decode(RawSample raw) {
    String text = caption(raw, ImageFolderSource::text);
    if (text == null && options.textRequired()) {
      throw new BrokenSampleException(
          Kind.MISSING_FIELD, raw.key() + ": no caption (a .txt file beside the image)");
    }
    return new Sample(raw.key(), ImageFields.decode(raw, options), text, List.of());
  }

  private static String text(RawSample raw) {
    byte[] text = raw.fields().get(CAPTION);
    return text == null ? null : WebDatasetSource.text(text, raw.key());
  }
}
