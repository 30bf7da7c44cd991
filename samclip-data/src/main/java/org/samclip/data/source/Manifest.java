package org.samclip.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;

/**
 * What a source consisted of: the provenance of a run's data.
 *
 * @param entries one for each archive, or each file of a folder, in the order of the shards
 */
public record Manifest(List<Entry> entries) {

  /**
   * One file.
   *
   * @param name file name; within a folder shard preceded by the shard's name
   * @param bytes its size; -1 for what is read over the network
   * @param sha256 of its content in hexadecimal, or empty where contents were not read
   */
  public record Entry(String name, long bytes, String sha256) {}

  /** Copies the list. */
  public Manifest {
    entries = List.copyOf(entries);
  }

  /**
   * Lists a source's files.
   *
   * @param source any source
   * @param contents whether to hash the contents of local files too, which reads every byte;
   *     otherwise names and sizes only
   * @return the manifest
   */
  public static Manifest of(SampleSource source, boolean contents) {
    List<Entry> entries = new ArrayList<>();
    for (Shard shard : source.shards()) {
      if (shard.isRemote()) {
        entries.add(new Entry(shard.location(), -1, ""));
      } else if (Files.isDirectory(shard.path())) {
        for (Path file : FilePatterns.list(shard.path())) {
          if (Files.isRegularFile(file)) {
            entries.add(entry(shard.name() + "/" + file.getFileName(), file, contents));
          }
        }
      } else {
        entries.add(entry(shard.name(), shard.path(), contents));
      }
    }
    return new Manifest(entries);
  }

  private static Entry entry(String name, Path file, boolean contents) {
    try {
      return new Entry(name, Files.size(file), contents ? sha256(file) : "");
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e + ")", e);
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = ContentHash.newDigest();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** One hash over all names, sizes and content hashes, in hexadecimal. */
  public String hash() {
    MessageDigest digest = ContentHash.newDigest();
    for (Entry entry : entries) {
      String line = entry.name() + "\t" + entry.bytes() + "\t" + entry.sha256() + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
