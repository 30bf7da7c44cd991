package org.samclip.checkpoint;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;

/**
 * A checkpoint of {@code torch.save} (the zip format, torch 1.6 and later), memory-mapped. The
 * pickle inside is read by {@link TensorUnpickler}, which runs nothing. Tensors may be views of
 * shared storages with any non-negative strides; all views are checked when the file is opened.
 *
 * <p>The names are those of the state dict; of dicts in dicts, the keys with dots between ({@code
 * state_dict.visual.proj}). {@link BareNames} takes off what stands before a model's names. Strings
 * and numbers beside the tensors, and what {@link TorchArchiveWriter} put there, become {@link
 * #metadata()}; what else is there is {@link #unread()}. In a TorchScript archive ({@code
 * torch.jit.save}) the names are those of the module's parameters, buffers and other tensors; its
 * code is not read.
 */
public final class TorchArchive implements TensorSource {

  /** A view may repeat elements; beyond this many bytes it may not be larger than its file. */
  private static final long FREE_VIEW_BYTES = 1 << 20;

  /** A tokenizer of 50,000 words has a few megabytes. */
  private static final int MAX_METADATA_BYTES = 32 << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final MappedFile file;
  private final Map<String, Strided> tensors;
  private final Map<String, String> metadata;
  private final Map<String, String> unread;
  private final List<String> notes;

  /**
   * A checked view.
   *
   * @param info name, type, shape
   * @param start the file position of the first element
   * @param strides in elements
   * @param run how many elements of the last axes follow each other
   */
  private record Strided(TensorInfo info, long start, long[] strides, long run) {}

  private TorchArchive(
      MappedFile file,
      Map<String, Strided> tensors,
      Map<String, String> metadata,
      Map<String, String> unread,
      Set<String> strangers) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
    this.unread = Collections.unmodifiableMap(unread);
    this.notes =
        strangers.isEmpty()
            ? List.of()
            : List.of(
                "its pickle names classes or functions that are no plain data; nothing of them was"
                    + " run, and what they would make is not read: "
                    + Printable.list(strangers));
  }

  /**
   * @param path the file
   * @return the open file; values are not read yet
   * @throws UserError if it is missing or damaged, or holds no tensors
   */
  public static TorchArchive open(Path path) {
    return open(MappedFile.open(path));
  }

  static TorchArchive open(MappedFile file) {
    Path path = file.path();
    ZipDirectory zip = ZipDirectory.read(file);
    String root = root(file, zip);
    ZipDirectory.Stored pickle = zip.stored(root + "data.pkl");
    if (pickle.size() > TensorUnpickler.MAX_BYTES) {
      throw new UserError(
          "%s: its pickle has %d bytes, at most %d are read"
              .formatted(path, pickle.size(), TensorUnpickler.MAX_BYTES));
    }
    boolean script = zip.names().contains(root + "constants.pkl");
    TensorUnpickler.Content content =
        TensorUnpickler.load(
            path.toString(), file.bytes(pickle.start(), (int) pickle.size()), script);
    StateDict state = StateDict.find(path, content.root());
    Map<String, Strided> tensors = new LinkedHashMap<>();
    state.tensors().forEach((name, view) -> tensors.put(name, check(file, zip, root, name, view)));
    Map<String, String> metadata = new LinkedHashMap<>(state.metadata());
    if (zip.names().contains(root + TorchArchiveWriter.METADATA)) {
      metadata.putAll(extra(file, zip.stored(root + TorchArchiveWriter.METADATA)));
    }
    return new TorchArchive(file, tensors, metadata, state.unread(), content.strangers());
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public TensorInfo info(String name) {
    return tensor(name).info();
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public Map<String, String> unread() {
    return unread;
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public void readBytes(String name, long position, ByteBuffer target) {
    Strided view = tensor(name);
    int width = view.info.type().bytes();
    if (position < 0
        || position > view.info.byteLength() - target.remaining()
        || position % width != 0
        || target.remaining() % width != 0) {
      throw new IndexOutOfBoundsException(
          target.remaining() + " bytes at " + position + " of " + view.info);
    }
    long[] shape = view.info.shape();
    int limit = target.limit();
    long element = position / width;
    while (target.hasRemaining()) {
      long skip = element % view.run;
      long count = Math.min(view.run - skip, target.remaining() / width);
      target.limit(target.position() + (int) (count * width));
      file.read(view.start + offset(element, shape, view.strides) * width, target);
      target.limit(limit);
      element += count;
    }
  }

  @Override
  public void close() {
    file.close();
  }

  private Strided tensor(String name) {
    Strided tensor = tensors.get(name);
    if (tensor == null) {
      throw new UserError(path() + ": no tensor named " + name + Printable.hint(name, names()));
    }
    return tensor;
  }

  /** The place of an element, in elements from the view's first. */
  private static long offset(long element, long[] shape, long[] strides) {
    long offset = 0;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      offset += element % shape[axis] * strides[axis];
      element /= shape[axis];
    }
    return offset;
  }

  /** The folder all entries are in, with a slash; checks what else the archive says of itself. */
  private static String root(MappedFile file, ZipDirectory zip) {
    String pickle = null;
    for (String name : zip.names()) {
      if (name.endsWith("/data.pkl") && name.indexOf('/') == name.length() - 9) {
        if (pickle != null) {
          throw new UserError(
              file.path() + ": two pickles, " + Printable.of(pickle + " and " + name));
        }
        pickle = name;
      }
    }
    if (pickle == null) {
      throw new UserError(
          file.path() + " is a zip file, but not one of torch.save: it has no data.pkl");
    }
    String root = pickle.substring(0, pickle.length() - 8);
    if (zip.names().contains(root + "byteorder")) {
      ZipDirectory.Stored order = zip.stored(root + "byteorder");
      byte[] text = file.bytes(order.start(), (int) Math.min(order.size(), 16));
      if (!new String(text, StandardCharsets.UTF_8).strip().equals("little")) {
        throw new UserError(
            file.path() + " is not little-endian; save it again on a little-endian machine");
      }
    }
    return root;
  }

  private static Map<String, String> extra(MappedFile file, ZipDirectory.Stored entry) {
    if (entry.size() > MAX_METADATA_BYTES) {
      throw new UserError(
          "%s: its %s has %d bytes, at most %d are read"
              .formatted(
                  file.path(), TorchArchiveWriter.METADATA, entry.size(), MAX_METADATA_BYTES));
    }
    try {
      Map<String, String> extra =
          JSON.readValue(
              file.bytes(entry.start(), (int) entry.size()),
              new TypeReference<LinkedHashMap<String, String>>() {});
      if (extra == null || extra.containsValue(null)) {
        throw new IOException("null is no string");
      }
      return extra;
    } catch (IOException e) {
      throw new UserError(
          file.path() + ": its " + TorchArchiveWriter.METADATA + " is not JSON of strings", e);
    }
  }

  private static Strided check(
      MappedFile file, ZipDirectory zip, String root, String name, TorchTensor view) {
    TorchTensor.Storage storage = view.storage();
    TensorInfo info;
    try {
      info = new TensorInfo(name, storage.type(), view.sizes());
    } catch (IllegalArgumentException e) {
      throw new UserError(message(file, name, e.getMessage()), e);
    }
    ZipDirectory.Stored entry = zip.stored(root + "data/" + storage.key());
    int width = storage.type().bytes();
    if (storage.count() < 0 || storage.count() > entry.size() / width) {
      throw broken(
          file,
          name,
          "its storage claims %d elements of %d bytes, the archive has %d bytes"
              .formatted(storage.count(), width, entry.size()));
    }
    if (view.strides().length != view.sizes().length
        || Arrays.stream(view.strides()).anyMatch(stride -> stride < 0)) {
      throw broken(file, name, "strides " + Arrays.toString(view.strides()) + " are not allowed");
    }
    if (info.byteLength() > Math.max(FREE_VIEW_BYTES, file.size())) {
      throw broken(file, name, "its view is larger than the whole file");
    }
    if (!fits(view, info)) {
      throw broken(
          file,
          name,
          "shape %s, strides %s, offset %d leave the storage of %d elements"
              .formatted(
                  Arrays.toString(view.sizes()),
                  Arrays.toString(view.strides()),
                  view.offset(),
                  storage.count()));
    }
    return new Strided(info, entry.start() + view.offset() * width, view.strides(), run(view));
  }

  private static boolean fits(TorchTensor view, TensorInfo info) {
    if (view.offset() < 0 || view.offset() > view.storage().count()) {
      return false;
    }
    if (info.elementCount() == 0) {
      return true;
    }
    try {
      long last = view.offset();
      for (int axis = 0; axis < view.sizes().length; axis++) {
        last =
            Math.addExact(last, Math.multiplyExact(view.sizes()[axis] - 1, view.strides()[axis]));
      }
      return last < view.storage().count();
    } catch (ArithmeticException e) {
      return false; // beyond 64 bits is beyond every storage
    }
  }

  private static long run(TorchTensor view) {
    long run = 1;
    for (int axis = view.sizes().length - 1; axis >= 0; axis--) {
      long size = view.sizes()[axis];
      if (size != 1 && view.strides()[axis] != run) {
        break;
      }
      run *= Math.max(size, 1);
    }
    return run;
  }

  private static UserError broken(MappedFile file, String name, String cause) {
    return new UserError(message(file, name, cause));
  }

  private static String message(MappedFile file, String name, String cause) {
    return file.path()
        + ": tensor '"
        + Printable.of(name)
        + "': "
        + cause
        + ". Fetch or save it again.";
  }
}
