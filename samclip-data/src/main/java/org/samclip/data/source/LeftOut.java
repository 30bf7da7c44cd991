package org.samclip.data.source;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a source passes over while it lists: counted by the rule that leaves it out, with the first
 * names, so that nothing is left out without a word.
 */
public final class LeftOut {

  private static final int NAMES = 3;
  private static final int MAX_NAME = 200;

  /** Why something is left out. */
  public enum Rule {
    /** The image would be a field of another name, so its sample may have none. */
    DOTTED_IMAGE(
        "images with a further dot in their names",
        "a key ends at the first dot, so such an image is the field \"0.3.jpg\" of another sample,"
            + " which is not read; rename them, with _ for the dot"),
    /** A member of an archive that is none of the format's fields. */
    OTHER_FIELD("members of other fields", "this format reads them not"),
    /** A link or the like in place of a member that nobody reads. */
    NO_PLAIN_MEMBER(
        "links, devices, or members that leave the archive", "only plain files are read"),
    /** A caption that no task needs, beside another one of the same sample. */
    SECOND_CAPTION("captions of a sample that has one", "the first one stays"),
    /** {@code .NAME}, {@code ._NAME} of macOS, and everything in such folders. */
    HIDDEN("hidden files", "names that begin with a dot, and __MACOSX, are passed over"),
    /** A file in a folder of images that is no image. */
    OTHER_FILE("files with other endings", "images are jpg, jpeg, png and webp"),
    /** A file in a folder of archives that is none. */
    OTHER_ARCHIVE(
        "files and folders beside archives",
        "of a folder, files .tar, .tar.gz, .tgz, .tar.zst and .tar.zstd are read; name others by a"
            + " pattern"),
    /** A file in a folder of Parquet files that is none. */
    NO_PARQUET(
        "files and folders beside Parquet files",
        "of a folder, files NAME.parquet are read; name others by a pattern"),
    /** A folder within one of which only the files are read, or a file in it. */
    NESTED("folders within, or files in them", "only files directly in such a folder are read"),
    /** An image that the setting {@code image_suffix} does not name. */
    OTHER_SUFFIX("images whose names end otherwise", "image_suffix tells how they end"),
    /** A link to a folder, which could lead round in a circle. */
    LINKED_FOLDER("links to folders", "they are not followed; name the folders themselves"),
    /** An annotation that no image can be told to have. */
    HOMELESS("annotations that belong to no image", "no image of the file has their image_id"),
    /** A line of {@code classes.txt} for a folder that is not there. */
    NO_FOLDER("names in classes.txt without a folder", "no folder is called like that"),
    /** A file beside the class folders. */
    NO_CLASS("files outside class folders", "the folders directly in the root are the classes");

    private final String what;
    private final String why;

    Rule(String what, String why) {
      this.what = what;
      this.why = why;
    }

    /** Whether images are lost that were perhaps meant to be read. */
    public boolean losesImages() {
      return this != OTHER_FIELD && this != HIDDEN && this != SECOND_CAPTION;
    }
  }

  /**
   * What one rule left out.
   *
   * @param rule why
   * @param count how much
   * @param first the first names, at most three
   */
  public record Entry(Rule rule, long count, List<String> first) {

    /** Checks the count; copies the list. */
    public Entry {
      first = List.copyOf(first);
      if (count < first.size()) {
        throw new IllegalArgumentException(
            rule + ": " + count + " left out, but " + first.size() + " are named");
      }
    }

    @Override
    public String toString() {
      return count
          + " "
          + rule.what
          + " ("
          + String.join(", ", first)
          + (count > first.size() ? ", ..." : "")
          + "): "
          + rule.why;
    }
  }

  private final Map<Rule, Entry> entries = new EnumMap<>(Rule.class);

  /**
   * Counts something.
   *
   * @param rule why it is left out
   * @param name what logs call it
   */
  public void add(Rule rule, String name) {
    String clean = name.replaceAll("\\p{Cntrl}", "?");
    add(
        new Entry(
            rule,
            1,
            List.of(clean.length() > MAX_NAME ? clean.substring(0, MAX_NAME) + "..." : clean)));
  }

  /**
   * Counts what was counted elsewhere.
   *
   * @param other by one rule
   */
  public void add(Entry other) {
    entries.merge(
        other.rule(),
        other,
        (before, added) -> {
          List<String> first = new ArrayList<>(before.first());
          added.first().stream().limit(NAMES - first.size()).forEach(first::add);
          return new Entry(before.rule(), before.count() + added.count(), first);
        });
  }

  /** What was left out, by rule. */
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }
}
