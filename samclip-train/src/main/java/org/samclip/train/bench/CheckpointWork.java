package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.nn.Module;
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.text.TextTokenizer;
import org.samclip.train.Version;
import org.samclip.train.optim.AdamW;
import org.samclip.train.store.CheckpointStore;
import org.samclip.train.store.Progress;

/** Stage 2's checkpoint, model and moments, to disk or back. */
final class CheckpointWork implements Work {

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final TemporaryFolder folder = TemporaryFolder.create();
  private final CheckpointStore store = new CheckpointStore(folder.path(), 1);
  private final boolean save;
  private final BenchModels models;
  private final MergedModel model;
  private final AdamW optimizer;
  private final double bytes;
  private long updates;

  CheckpointWork(BenchSetting setting, boolean save) {
    this.save = save;
    models = new BenchModels(setting, manager);
    Student student = models.student();
    MergedModel merged = models.merged();
    Provenance provenance =
        new Provenance(
            Version.current(),
            MergedModel.KIND,
            ModelFile.architecture(merged.sizes()),
            "",
            Map.of(),
            "",
            Map.of());
    model = new MergedModel(student, merged.language(), Optional.of(provenance));
    optimizer =
        ParameterGroups.optimizer(student, name -> !name.startsWith("prompt_encoder."), manager);
    double moments = optimizer.state().values().stream().mapToDouble(a -> a.size()).sum();
    bytes = Float.BYTES * (parameters() + moments);
    save();
  }

  @Override
  public void run() {
    if (save) {
      save();
    } else {
      load();
    }
  }

  private double parameters() {
    return model.modules().values().stream().mapToDouble(Module::parameterCount).sum();
  }

  private void save() {
    store.save(
        model,
        optimizer.state(),
        new Progress("stage2", updates, updates, Map.of(), Map.of(), null));
    updates++;
  }

  private void load() {
    try (NDManager local = manager.newSubManager();
        TextTokenizer read = store.model(local).language().orElseThrow().text().tokenizer()) {
      store.restore(optimizer.state());
    }
  }

  @Override
  public double bytes() {
    return bytes;
  }

  @Override
  public void close() {
    models.close();
    optimizer.close();
    manager.close();
    folder.close();
  }
}
