package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.samclip.UserError;

/**
 * SHA-256 of files, text and tensors, as 64 lower-case hexadecimal digits. The hash of tensors
 * depends on names, shapes, types in memory and values, not on the file format or order: a file and
 * the arrays read from it have the same hash.
 */
public final class ContentHash {

  private static final int PIECE = 1 << 20;

  private ContentHash() {}

  /**
   * @param path a file
   * @return the hash of its bytes
   * @throws UserError if it cannot be read
   */
  public static String sha256(Path path) {
    MessageDigest digest = newDigest();
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      while (channel.read(piece.clear()) >= 0) {
        digest.update(piece.flip());
      }
    } catch (IOException e) {
      throw new UserError("cannot read " + path + ": " + e, e);
    }
    return hex(digest);
  }

  /**
   * @param path a checkpoint, which may be the index of several files
   * @return the hash of its bytes; of several files, the hash of their names and hashes
   * @throws UserError if it cannot be read
   */
  public static String ofCheckpoint(Path path) {
    List<Path> files;
    try (TensorSource source = Checkpoints.open(path)) {
      files = source.files();
    }
    if (files.size() == 1) {
      return sha256(files.get(0));
    }
    StringBuilder list = new StringBuilder();
    files.forEach(
        file -> list.append(sha256(file)).append("  ").append(file.getFileName()).append('\n'));
    return sha256(list.toString());
  }

  /**
   * @param text any text
   * @return the hash of its UTF-8 bytes
   */
  public static String sha256(String text) {
    MessageDigest digest = newDigest();
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    return hex(digest);
  }

  /**
   * @param tensors by name, in any order
   * @return the hash of names, types, shapes and values
   */
  public static String sha256(Map<String, NDArray> tensors) {
    MessageDigest digest = newDigest();
    new TreeMap<>(tensors)
        .forEach(
            (name, array) -> {
              describe(digest, name, array.getDataType().name(), array.getShape().getShape());
              digest.update(array.toByteBuffer());
            });
    return hex(digest);
  }

  /**
   * @param source an open checkpoint
   * @return the hash that the arrays read from it have
   */
  public static String sha256(TensorSource source) {
    MessageDigest digest = newDigest();
    for (String name : new TreeSet<>(source.names())) {
      TensorInfo info = source.info(name);
      describe(digest, name, info.type().arrayType().name(), info.shape());
      digest.update(TensorReader.content(source, info));
    }
    return hex(digest);
  }

  /** Lengths go before contents, so that no two different lists of tensors give the same bytes. */
  private static void describe(MessageDigest digest, String name, String type, long[] shape) {
    for (String text : new String[] {name, type, Arrays.toString(shape)}) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      ByteBuffer length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      digest.update(length.putInt(bytes.length).flip());
      digest.update(bytes);
    }
  }

  /**
   * @return SHA-256, to be fed
   */
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
