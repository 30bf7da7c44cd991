package org.samclip.train.store;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.model.ModelFile;
import org.samclip.student.MergedModel;

/**
 * Checkpoints of a run: {@code step-N.model.safetensors}, a whole model, and {@code
 * step-N.state.safetensors}, the optimiser and the position in the data. Both are complete on disk
 * before {@code latest} names them, so that a crash at any moment leaves the one before.
 */
public final class CheckpointStore {

  private static final String LATEST = "latest";
  private static final String MODEL = ".model.safetensors";
  private static final String STATE = ".state.safetensors";
  private static final String BEST = "best-";
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
   * @param state what training goes on with: the optimiser's, and the average's if there is one
   * @param progress where the run is
   */
  public void save(MergedModel model, Map<String, NDArray> state, Progress progress) {
    String name = String.format(Locale.ROOT, "step-%08d", progress.updates());
    ModelFile.write(folder.resolve(name + MODEL), model, TensorType.F32);
    new SafetensorsWriter()
        .metadata(Map.of(PROGRESS, json(progress)))
        .addAll(state)
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
  public MergedModel model(NDManager manager) {
    return ModelFile.read(MergedModel.class, folder.resolve(name() + MODEL), manager);
  }

  /**
   * Reads the newest checkpoint's state.
   *
   * @param state the arrays that it was saved from, which get its values
   */
  public void restore(Map<String, NDArray> state) {
    try (TensorSource source = SafetensorsFile.open(folder.resolve(name() + STATE))) {
      new ParameterLoader().load(state, source);
    }
  }

  /**
   * Keeps a stage's best model so far; those before it go when {@link #removeBest} says so, as a
   * checkpoint may still name one.
   *
   * @param model the best
   * @param phase that trains it
   * @param step of the phase after which it was looked at
   */
  public void saveBest(MergedModel model, String phase, long step) {
    ModelFile.write(best(phase, step), model, TensorType.F32);
  }

  /**
   * @param phase that trained it
   * @param step as it was saved
   * @return the file of a stage's best model
   */
  public Path best(String phase, long step) {
    return folder.resolve(String.format(Locale.ROOT, "%s%s-%08d%s", BEST, phase, step, MODEL));
  }

  /**
   * Removes best models.
   *
   * @param kept the one that stays; null: none
   */
  public void removeBest(Path kept) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().startsWith(BEST) && !file.equals(kept)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot remove a stage's best models", e);
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
