package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.clip.Clip;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.MemorySource;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Arithmetic;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipConfig;
import org.samclip.sam.Sam;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.SamBatch;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.ClipDistillation;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.SamDistillation;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.stage.Trainer;

/**
 * A step of stage 2: teacher and student on a CLIP batch, teacher and student on SAM images with
 * prompts, the gradients of both losses, clipping and one update. The batches are made beforehand,
 * and are the same in every step: with the cache, the teachers have answered before.
 */
final class StepWork implements Work {

  private static final SamLossSpec LOSS =
      new SamLossSpec(20, 1, .25, 2, 0, 1, SamLossSpec.Target.SOFT, SamLossSpec.Multimask.BEST);
  private static final double LAMBDA = 10;
  private static final Span ENDLESS = new Span(0, Long.MAX_VALUE);

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final BenchSetting setting;
  private final boolean cached;
  private final TemporaryCache cache;
  private final List<Objective> objectives;
  private final AdamW optimizer;
  private final Trainer trainer;
  private long step;

  StepWork(BenchSetting setting, boolean cached) {
    this.setting = setting;
    this.cached = cached;
    cache = new TemporaryCache(cached);
    SamClip student = new SamClip(setting.student());
    student.initialize(manager, BenchSetting.SEED);
    Clip clip = new Clip(setting.teacher());
    clip.initialize(manager, BenchSetting.SEED);
    Sam sam = new Sam(setting.preset().encoder(), setting.preset().samHead());
    sam.initialize(manager, BenchSetting.SEED + 1);
    optimizer =
        ParameterGroups.optimizer(student, name -> !name.startsWith("prompt_encoder."), manager);
    MemorySource source = SyntheticData.source(2, setting.side(), setting.prompts());
    objectives = List.of(clip(student, clip, source), sam(student, sam, source));
    trainer = new Trainer(objectives, optimizer, new CosineSchedule(0, Long.MAX_VALUE, 1), 1);
    if (cached) {
      run();
    }
  }

  private Objective clip(SamClip student, Clip teacher, MemorySource source) {
    ReplayStream stream = SyntheticData.stream(source, 1);
    ClipBatch batch = SyntheticData.clipBatches(setting, stream, 0).apply(0);
    Feed<ClipBatch> feed = new Feed<>(stream, any -> batch, ENDLESS);
    return new ClipDistillation(student, teacher, feed, passes(setting.clipSide()), 1);
  }

  private Objective sam(SamClip student, Sam teacher, MemorySource source) {
    ReplayStream stream = SyntheticData.stream(source, 1);
    SamBatch batch = SyntheticData.samBatches(setting, stream).apply(0);
    Feed<SamBatch> feed = new Feed<>(stream, any -> batch, ENDLESS);
    return new SamDistillation(student, teacher, feed, passes(setting.side()), LOSS, LAMBDA);
  }

  private Passes passes(int side) {
    return new Passes(
        manager, new MicroBatch(0, side), setting.checkpointActivations(), cache.folder());
  }

  @Override
  public void run() {
    trainer.step(step++);
  }

  @Override
  public double operations() {
    SamClipConfig s = setting.student();
    int side = setting.side();
    int clipSide = setting.clipSide();
    double clipTeacher = cached ? 0 : Arithmetic.imageTower(setting.teacher());
    double samTeacher = cached ? 0 : Arithmetic.encoder(s.encoder(), side);
    double clip =
        clipTeacher
            + 3 * Arithmetic.backbone(s.encoder(), clipSide)
            - Arithmetic.patches(s.encoder(), clipSide)
            + 3 * Arithmetic.clipHead(s.clipHead(), s.encoder(), clipSide);
    double sam =
        samTeacher
            + 3 * Arithmetic.encoder(s.encoder(), side)
            - Arithmetic.patches(s.encoder(), side);
    double prompt = (1 + 3) * Arithmetic.maskDecoder(s.samHead(), side / s.encoder().patch());
    return setting.clipBatch() * clip + setting.images() * (sam + setting.prompts() * prompt);
  }

  @Override
  public int images() {
    return setting.clipBatch() + setting.images();
  }

  @Override
  public void close() {
    objectives.forEach(Objective::close);
    cache.close();
    optimizer.close();
    manager.close();
  }
}
