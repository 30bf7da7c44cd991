package org.samclip.checkpoint;

import java.nio.file.Path;
import org.samclip.UserError;

/** Opens checkpoints of any supported format. */
public final class Checkpoints {

  private static final int PICKLE_PROTOCOL = 0x80;

  private Checkpoints() {}

  /**
   * Opens a checkpoint by its content; the file's name does not matter.
   *
   * @param path a safetensors file, a zip-format torch archive, or the index of a checkpoint in
   *     several such files
   * @return the open file, to be closed by the caller
   * @throws UserError if it is missing, damaged or of another format; the message says what to do
   */
  public static TensorSource open(Path path) {
    MappedFile file = MappedFile.open(path);
    byte[] start = start(file);
    // A safetensors file may begin with the same byte, but then has zeros in its header's length.
    if (start.length > 7 && start[0] == '{' && start[4] != 0 && start[7] != 0) {
      return ShardedSource.open(file);
    }
    return open(file, start);
  }

  /** The same without indexes: a shard is a file of tensors itself. */
  static TensorSource openFile(Path path) {
    MappedFile file = MappedFile.open(path);
    return open(file, start(file));
  }

  private static byte[] start(MappedFile file) {
    return file.bytes(0, (int) Math.min(9, file.size()));
  }

  private static TensorSource open(MappedFile file, byte[] start) {
    Path path = file.path();
    // A zip file has its compression method at byte 8, which is never '{'.
    if (start.length == 9 && start[8] == '{') {
      return SafetensorsFile.open(file);
    }
    if (start.length > 1 && start[0] == 'P' && start[1] == 'K') {
      return TorchArchive.open(file);
    }
    if (start.length > 0 && (start[0] & 0xff) == PICKLE_PROTOCOL) {
      throw new UserError(
          path
              + " is a pickle in torch's format before 1.6, which is not read. Load it in Python and"
              + " torch.save its state_dict again, or convert it to safetensors.");
    }
    throw new UserError(
        path
            + " is neither a safetensors file nor a torch archive. Check that the download is"
            + " complete and that it is a file of weights.");
  }
}
