package org.samclip.train.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.samclip.data.cache.FeatureFile;
import org.samclip.kernel.Autograd;

/**
 * Outputs of a frozen network for the views of a batch: computed once for each view, then read from
 * disk. The views of a stage repeat when {@code sources.clip.views} is given.
 */
final class FrozenFeatures implements AutoCloseable {

  private final Path folder;
  private final String name;
  private final Map<Integer, FeatureFile> files = new HashMap<>();

  /**
   * @param folder of the files
   * @param name of the network
   */
  FrozenFeatures(Path folder, String name) {
    this.folder = folder;
    this.name = name;
  }

  /**
   * @param view images as the network sees them
   * @param keys one for each image of the batch
   * @param part of the batch
   * @param row shape of one image's output
   * @param local owns the result
   * @param network from [n, 3, S, S] to [n, row...]
   * @return [part, row...]
   */
  NDArray of(
      ImageView view,
      List<String> keys,
      MicroBatch.Part part,
      Shape row,
      NDManager local,
      Function<NDArray, NDArray> network) {
    int length = Math.toIntExact(row.size());
    FeatureFile file =
        files.computeIfAbsent(
            view.side(), side -> new FeatureFile(folder.resolve(name + "-" + side), length));
    List<Integer> missing = new ArrayList<>();
    for (int i = part.from(); i < part.to(); i++) {
      if (!file.contains(keys.get(i))) {
        missing.add(i);
      }
    }
    if (!missing.isEmpty()) {
      try (Autograd off = Autograd.disabled()) {
        float[] computed = network.apply(view.toArray(local, missing)).toFloatArray();
        for (int i = 0; i < missing.size(); i++) {
          file.write(keys.get(missing.get(i)), computed, i * length);
        }
      }
    }
    float[] rows = new float[part.size() * length];
    for (int i = 0; i < part.size(); i++) {
      file.read(keys.get(part.from() + i), rows, i * length);
    }
    return local.create(FloatBuffer.wrap(rows), new Shape(part.size()).addAll(row));
  }

  @Override
  public void close() {
    files.values().forEach(FeatureFile::close);
    String[] left = folder.toFile().list();
    if (left != null && left.length == 0) {
      folder.toFile().delete(); // an empty folder that stays does no harm
    }
  }
}
