package org.samclip.train.loop;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.model.ModelFile;
import org.samclip.model.SamClipModel;
import org.samclip.train.optim.AdamW;

/**
 * Checkpoints of a run: {@code step-N.model.safetensors}, a whole model, and {@code
 * step-N.state.safetensors}, the optimiser and the position in the data. Both are complete on disk
 * before {@code latest} names them, so that a crash at any moment leaves the one before.
 */
public final class CheckpointStore {

  private static final String LATEST = "latest";
  private static final String MODEL = ".model.safetensors";
  private static final String STATE = ".state.safetensors";
  private static final String PROGRESS = "samclip.progress";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final int keep;

  /**
   * @param folder where they are
   * @param keep how many are kept
   */
  public CheckpointStore(Path folder, int keep) {
    this.folder = folder;
    this.keep = keep;
  }

  /**
   * @param model in training, with its provenance
   * @param optimizer its optimiser
   * @param progress where the run is
   */
  public void save(SamClipModel model, AdamW optimizer, Progress progress) {
    String name = String.format(java.util.Locale.ROOT, "step-%08d", progress.updates());
    ModelFile.write(folder.resolve(name + MODEL), model, TensorType.F32);
    new SafetensorsWriter()
        .metadata(Map.of(PROGRESS, json(progress)))
        .addAll(optimizer.state())
        .write(folder.resolve(name + STATE));
    AtomicFile.writeString(folder.resolve(LATEST), name + "\n");
    retire(name);
  }

  /** Leaves the newest ones and nothing of others, be they old or broken off in the middle. */
  private void retire(String newest) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all =
          files.filter(file -> file.getFileName().toString().matches("\\.?step-.*")).toList();
      Set<String> kept =
          all.stream()
              .map(file -> file.getFileName().toString())
              .filter(file -> file.startsWith("step-") && file.endsWith(STATE))
              .map(file -> file.substring(0, file.length() - STATE.length()))
              .filter(name -> name.compareTo(newest) <= 0)
              .sorted(Comparator.reverseOrder())
              .limit(keep)
              .flatMap(name -> Stream.of(name + STATE, name + MODEL))
              .collect(Collectors.toSet());
      for (Path file : all) {
        if (!kept.contains(file.getFileName().toString())) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot remove old checkpoints", e);
    }
  }

  /**
   * @return where the newest checkpoint is, or null if there is none
   */
  public Progress latest() {
    if (!Files.exists(folder.resolve(LATEST))) {
      return null;
    }
    try (TensorSource state = SafetensorsFile.open(folder.resolve(name() + STATE))) {
      return progress(state);
    }
  }

  /**
   * @param manager owns the parameters
   * @return the newest checkpoint's model
   */
  public SamClipModel model(NDManager manager) {
    return ModelFile.readSamClip(folder.resolve(name() + MODEL), manager);
  }

  /**
   * Puts the newest checkpoint's moments into an optimiser.
   *
   * @param optimizer over the same parameters
   */
  public void restore(AdamW optimizer) {
    try (TensorSource state = SafetensorsFile.open(folder.resolve(name() + STATE))) {
      new org.samclip.checkpoint.ParameterLoader().load(optimizer.state(), state);
    }
  }

  private String name() {
    Path latest = folder.resolve(LATEST);
    try {
      String name = Files.readString(latest).strip();
      if (!name.matches("step-[0-9]{8,18}")) {
        throw new UserError(latest + ": names no checkpoint: \"" + name + "\"");
      }
      return name;
    } catch (IOException e) {
      throw new UserError(latest + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String json(Progress progress) {
    try {
      return JSON.writeValueAsString(progress);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers is always JSON", e);
    }
  }

  private static Progress progress(TensorSource state) {
    try {
      return JSON.readValue(state.metadata().getOrDefault(PROGRESS, ""), Progress.class);
    } catch (JsonProcessingException e) {
      throw new UserError(state.path() + ": its progress is damaged; remove the checkpoint", e);
    }
  }
}
