package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.clip.Clip;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Arithmetic;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipConfig;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.ClipDistillation;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.Passes;
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
  private final Objective objective;
  private final AdamW optimizer;
  private final Trainer trainer;
  private long step;

  EpochWork(BenchSetting setting, boolean cached) {
    this.setting = setting;
    this.cached = cached;
    SamClip student = new SamClip(setting.student());
    student.initialize(manager, BenchSetting.SEED);
    Clip teacher = new Clip(setting.teacher());
    teacher.initialize(manager, BenchSetting.SEED);
    optimizer =
        ParameterGroups.optimizer(
            student, name -> name.startsWith(SamClip.CLIP_HEAD + "."), manager);
    ReplayStream stream =
        SyntheticData.stream(SyntheticData.source(setting.epochImages(), SOURCE_SIDE, 0), 1);
    cache = new TemporaryCache(cached);
    ClipBatches batches = SyntheticData.clipBatches(setting, stream, 1);
    objective =
        new ClipDistillation(
            student,
            teacher,
            new Feed<>(stream, batches, new Span(0, Long.MAX_VALUE)),
            new Passes(manager, new MicroBatch(0, setting.clipSide()), false, cache.folder()),
            1);
    trainer =
        new Trainer(List.of(objective), optimizer, new CosineSchedule(0, Long.MAX_VALUE, 1), 1);
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
    SamClipConfig s = setting.student();
    int side = setting.clipSide();
    double head = 3 * Arithmetic.clipHead(s.clipHead(), s.encoder(), side);
    double frozen =
        Arithmetic.imageTower(setting.teacher()) + Arithmetic.backbone(s.encoder(), side);
    return setting.epochImages() * (cached ? head : head + frozen);
  }

  @Override
  public int images() {
    return setting.epochImages();
  }

  @Override
  public void close() {
    objective.close();
    cache.close();
    optimizer.close();
    manager.close();
  }
}
