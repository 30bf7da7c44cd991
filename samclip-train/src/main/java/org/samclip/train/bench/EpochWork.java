package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.LibTorch;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.stage.Trainer;

/**
 * An epoch of stage 1: the CLIP head learns on a frozen backbone, from images in memory that are
 * cropped and resized as the epoch goes. With the cache, the epoch that fills it is done before.
 */
final class EpochWork implements Work {

  private static final int SOURCE_SIDE = 320;

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final BenchSetting setting;
  private final boolean cached;
  private final TemporaryCache cache;
  private final BenchModels models;
  private final StudentFeed feed;
  private final AdamW optimizer;
  private final Trainer trainer;
  private long step;

  EpochWork(BenchSetting setting, boolean cached) {
    this.setting = setting;
    this.cached = cached;
    models = new BenchModels(setting, manager);
    optimizer =
        ParameterGroups.optimizer(
            models.student(), name -> name.startsWith(BenchSetting.CLIP_HEAD + "."), manager);
    ReplayStream stream =
        SyntheticData.stream(SyntheticData.source(setting.epochImages(), SOURCE_SIDE, 0), 1);
    cache = new TemporaryCache(cached);
    feed = models.reading(models.crops(1), stream, cache);
    trainer = new Trainer(List.of(feed), optimizer, new CosineSchedule(0, Long.MAX_VALUE, 1), 1);
    if (cached) {
      run();
    }
  }

  @Override
  public void run() {
    for (int seen = 0; seen < setting.epochImages(); seen += setting.clipBatch()) {
      trainer.step(step++);
    }
  }

  @Override
  public double operations() {
    double batch = models.operations(models.crops(1), cached, false);
    return batch / setting.clipBatch() * setting.epochImages();
  }

  @Override
  public int images() {
    return setting.epochImages();
  }

  @Override
  public void close() {
    feed.close();
    cache.close();
    optimizer.close();
    models.close();
    manager.close();
  }
}
