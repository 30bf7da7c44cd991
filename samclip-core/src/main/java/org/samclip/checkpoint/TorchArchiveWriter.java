package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Writes the zip archives of {@code torch.save} and {@code torch.jit.save}: plain entries below one
 * folder, contents aligned to 64 bytes so that they can be mapped, ZIP64 beyond 4 GB. The bytes
 * depend on what is written only, not on time or place.
 */
public final class TorchArchiveWriter implements Closeable {

  /** Entry with {@link Provenance#toMetadata} and more, as one JSON object of strings. */
  public static final String METADATA = "extra/samclip.json";

  /** As torch aligns storages. */
  private static final int ALIGNMENT = 64;

  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final String folder;
  private final ZipArchiveOutputStream zip;

  /**
   * @param out takes the archive; stays open
   * @param folder name of the folder in the archive
   * @param version of torch's format, 3 for what this class can write
   * @throws IOException if writing fails
   */
  public TorchArchiveWriter(OutputStream out, String folder, int version) throws IOException {
    this.folder = folder;
    zip = new ZipArchiveOutputStream(out);
    zip.setUseZip64(Zip64Mode.AsNeeded);
    text("version", version + "\n");
    text("byteorder", "little");
  }

  /**
   * Writes a state dict as {@code torch.save} does, atomically.
   *
   * @param path the file to replace or create
   * @param tensors by name
   * @param metadata free text; goes to {@link #METADATA}, which {@code torch.load} does not look at
   */
  public static void writeStateDict(
      Path path, Map<String, NDArray> tensors, Map<String, String> metadata) {
    AtomicFile.write(
        path,
        out -> {
          try (TorchArchiveWriter archive = new TorchArchiveWriter(out, "archive", 3)) {
            PickleWriter pickle = new PickleWriter().beginOrderedDict();
            int key = 0;
            for (Map.Entry<String, NDArray> tensor : tensors.entrySet()) {
              TensorInfo info = TensorInfo.of(tensor.getKey(), tensor.getValue());
              pickle.string(tensor.getKey()).tensor(Integer.toString(key++), info);
            }
            archive.entry("data.pkl", pickle.endOrderedDict().finish());
            archive.storages(tensors.values());
            archive.metadata(metadata);
          }
        });
  }

  /**
   * @param arrays whose values become {@code data/0}, {@code data/1} ...
   * @throws IOException if writing fails
   */
  public void storages(Iterable<NDArray> arrays) throws IOException {
    int key = 0;
    for (NDArray array : arrays) {
      entry("data/" + key++, array.toByteBuffer());
    }
  }

  /**
   * @param metadata free text
   * @throws IOException if writing fails
   */
  public void metadata(Map<String, String> metadata) throws IOException {
    try {
      text(METADATA, JSON.writeValueAsString(new TreeMap<>(metadata)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of strings is always JSON", e);
    }
  }

  /**
   * @param name below the archive's folder
   * @param content written in UTF-8
   * @throws IOException if writing fails
   */
  public void text(String name, String content) throws IOException {
    entry(name, content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * @param name below the archive's folder
   * @param content of the entry
   * @throws IOException if writing fails
   */
  public void entry(String name, byte[] content) throws IOException {
    entry(name, ByteBuffer.wrap(content));
  }

  private void entry(String name, ByteBuffer content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content.duplicate());
    ZipArchiveEntry entry = new ZipArchiveEntry(folder + "/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.remaining());
    entry.setCompressedSize(content.remaining());
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(NO_TIME);
    entry.setAlignment(ALIGNMENT);
    zip.putArchiveEntry(entry);
    byte[] piece = new byte[Math.min(content.remaining(), 1 << 16)];
    while (content.hasRemaining()) {
      int count = Math.min(piece.length, content.remaining());
      content.get(piece, 0, count);
      zip.write(piece, 0, count);
    }
    zip.closeArchiveEntry();
  }

  /** Ends the archive; the stream below stays open. */
  @Override
  public void close() throws IOException {
    zip.finish();
  }
}
