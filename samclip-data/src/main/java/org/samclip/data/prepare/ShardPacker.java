package org.samclip.data.prepare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.replay.SampleBudget;

/**
 * Packs samples into tar shards, with a {@code manifest.json} of sizes and SHA-256. The same
 * samples give the same bytes, on any number of threads. The folder appears complete or not at all.
 */
public final class ShardPacker {

  /** Most samples of a shard unless told otherwise. */
  public static final int DEFAULT_SAMPLES = 10_000;

  /** Most bytes of a shard unless told otherwise: what webdataset's users are used to. */
  public static final long DEFAULT_BYTES = 1_000_000_000;

  private record Read(
      PackSource.Item item, PackSource.Contents contents, BrokenSampleException why) {}

  /**
   * What was written.
   *
   * @param samples in the shards
   * @param shards how many
   * @param broken samples that were left out
   * @param empty good samples that were left out as they have no object
   */
  public record Result(long samples, int shards, long broken, long empty) {}

  private final int maxSamples;
  private final long maxBytes;
  private final int threads;

  /**
   * @param maxSamples most samples of a shard, at least 1
   * @param maxBytes most bytes of a shard, at least 1 MB
   * @param threads that read and check
   */
  public ShardPacker(int maxSamples, long maxBytes, int threads) {
    if (maxSamples < 1) {
      throw new UserError("shard samples " + maxSamples + ": allowed: at least 1");
    }
    if (maxBytes < 1_000_000) {
      throw new UserError("shard bytes " + maxBytes + ": allowed: at least 1000000");
    }
    if (threads < 1 || threads > 1024) {
      throw new UserError("workers " + threads + ": allowed: 1..1024");
    }
    this.maxSamples = maxSamples;
    this.maxBytes = maxBytes;
    this.threads = threads;
  }

  /**
   * Packs.
   *
   * @param source what to pack
   * @param out folder to make; must not exist, or be empty
   * @param budget counts broken samples and bad annotations
   * @param progress hears of every sample
   * @return what was written
   * @throws UserError if the folder holds something, nothing is usable, or too much is broken
   * @throws InterruptedIOException if the thread is interrupted; nothing is left then
   */
  public Result pack(
      PackSource source, Path out, SampleBudget budget, DataVerification.Progress progress)
      throws InterruptedIOException {
    try {
      requireEmpty(out);
      return packAside(source, out, budget, progress);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw new UserError(
          "cannot write shards to " + out + ": " + e + "; check rights and free space", e);
    }
  }

  private static void requireEmpty(Path out) throws IOException {
    if (!Files.exists(out)) {
      return;
    }
    if (!Files.isDirectory(out)) {
      throw new UserError(out + " is a file; shards need a folder: choose another name");
    }
    try (Stream<Path> content = Files.list(out)) {
      if (content.findAny().isPresent()) {
        throw new UserError(out + " holds files: choose an empty or new folder");
      }
    }
  }

  private Result packAside(
      PackSource source, Path out, SampleBudget budget, DataVerification.Progress progress)
      throws IOException {
    long[] packed = new long[1];
    long[] empty = new long[1];
    try (AsideFolder folder = new AsideFolder(out);
        TarShards shards = new TarShards(folder, source.pattern(), maxSamples, maxBytes);
        OrderedWork work = new OrderedWork(threads)) {
      for (int part = 0; part < source.parts(); part++) {
        List<PackSource.Item> items = source.part(part);
        work.run(
            items.size(),
            index -> read(items.get(index)),
            (index, read) -> {
              if (read.why != null) {
                budget.broken(source.name(), read.item.place(), read.item.key(), read.why);
              } else {
                add(source.name(), read, shards, budget);
                (read.contents.files().isEmpty() ? empty : packed)[0]++;
              }
              progress.read(index + 1, items.size());
            });
      }
      shards.close();
      budget.judge(source.name());
      if (packed[0] == 0) {
        throw new UserError(
            source.name()
                + ": no usable sample to pack; "
                + empty[0]
                + " have no object, "
                + budget.brokenCount()
                + " are broken");
      }
      writeManifest(folder, packed[0]);
      folder.moveToPlace();
      return new Result(packed[0], shards.shards(), budget.brokenCount(), empty[0]);
    }
  }

  private static Read read(PackSource.Item item) {
    try {
      return new Read(item, item.read(), null);
    } catch (BrokenSampleException e) {
      return new Read(item, null, e);
    }
  }

  private static void add(String source, Read read, TarShards shards, SampleBudget budget)
      throws IOException {
    if (!read.contents.files().isEmpty()) {
      shards.add(read.contents.files());
    }
    budget.good();
    budget.annotations(
        source,
        read.item.place(),
        read.item.key(),
        read.contents.annotations(),
        read.contents.bad());
  }

  private static void writeManifest(AsideFolder folder, long samples) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("format", "samclip-shards");
    root.put("samples", samples);
    folder.list(root.putArray("files"));
    try (OutputStream manifest = folder.open("manifest.json")) {
      manifest.write(mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
    }
  }
}
