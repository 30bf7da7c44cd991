package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.source.SampleSource;
import org.samclip.kernel.LibTorch;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.stage.Trainer;

/**
 * A step of stage 2: teacher and student on a CLIP batch, teacher and student on SAM images with
 * prompts, the gradients of both losses, clipping and one update. The batches are made beforehand,
 * and are the same in every step: with the cache, the teachers have answered before.
 */
final class StepWork implements Work {

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final BenchSetting setting;
  private final boolean cached;
  private final TemporaryCache cache;
  private final BenchModels models;
  private final List<StudentFeed> feeds;
  private final AdamW optimizer;
  private final Trainer trainer;
  private long step;

  StepWork(BenchSetting setting, boolean cached) {
    this.setting = setting;
    this.cached = cached;
    cache = new TemporaryCache(cached);
    models = new BenchModels(setting, manager);
    optimizer =
        ParameterGroups.optimizer(
            models.student(), name -> !name.startsWith("prompt_encoder."), manager);
    SampleSource source = SyntheticData.source(2, setting.side(), setting.prompts());
    feeds =
        List.of(
            models.repeating(models.crops(0), SyntheticData.stream(source, 1), cache),
            models.repeating(models.prompts(), SyntheticData.stream(source, 1), cache));
    trainer = new Trainer(feeds, optimizer, new CosineSchedule(0, Long.MAX_VALUE, 1), 1);
    if (cached) {
      run();
    }
  }

  @Override
  public void run() {
    trainer.step(step++);
  }

  @Override
  public double operations() {
    return models.operations(models.crops(0), cached, true)
        + models.operations(models.prompts(), cached, true);
  }

  @Override
  public int images() {
    return setting.clipBatch() + setting.images();
  }

  @Override
  public void close() {
    feeds.forEach(StudentFeed::close);
    cache.close();
    optimizer.close();
    models.close();
    manager.close();
  }
}
