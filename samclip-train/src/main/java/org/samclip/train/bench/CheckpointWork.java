package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipModel;
import org.samclip.train.Version;
import org.samclip.train.optim.AdamW;
import org.samclip.train.store.CheckpointStore;
import org.samclip.train.store.Progress;

/** Stage 2's checkpoint, model and moments, to disk or back. */
final class CheckpointWork implements Work {

  private static final String TOKENIZER =
      """
      {"version": "1.0", "pre_tokenizer": {"type": "Whitespace"},
       "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}}
      """;

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final TemporaryFolder folder = TemporaryFolder.create();
  private final CheckpointStore store = new CheckpointStore(folder.path(), 1);
  private final boolean save;
  private final SamClipModel model;
  private final AdamW optimizer;
  private final double bytes;
  private long updates;

  CheckpointWork(BenchSetting setting, boolean save) {
    this.save = save;
    SamClip student = new SamClip(setting.student());
    student.initialize(manager, BenchSetting.SEED);
    TextTower text = new TextTower(setting.teacher());
    text.initialize(manager, BenchSetting.SEED);
    SamClipModel.Sizes sizes = new SamClipModel.Sizes(student.config(), setting.teacher());
    Provenance provenance =
        new Provenance(
            Version.current(),
            SamClipModel.KIND,
            ModelFile.architecture(sizes),
            "",
            Map.of(),
            "",
            Map.of());
    Tokenizer tokenizer = new Tokenizer(TOKENIZER, setting.teacher().text().contextLength());
    model = new SamClipModel(student, text, tokenizer, Optional.of(provenance));
    optimizer =
        ParameterGroups.optimizer(student, name -> !name.startsWith("prompt_encoder."), manager);
    double moments = optimizer.state().values().stream().mapToDouble(a -> a.size()).sum();
    bytes = Float.BYTES * (student.parameterCount() + text.parameterCount() + moments);
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

  private void save() {
    store.save(model, optimizer.state(), new Progress("stage2", updates, updates, Map.of(), null));
    updates++;
  }

  private void load() {
    try (NDManager local = manager.newSubManager();
        Tokenizer read = store.model(local).tokenizer()) {
      store.restore(optimizer.state());
    }
  }

  @Override
  public double bytes() {
    return bytes;
  }

  @Override
  public void close() {
    model.tokenizer().close();
    optimizer.close();
    manager.close();
    folder.close();
  }
}
