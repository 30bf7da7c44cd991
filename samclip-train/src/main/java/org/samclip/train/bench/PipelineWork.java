package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.ImageFolderSource;
import org.samclip.data.source.SourceOptions;
import org.samclip.kernel.LibTorch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.ImageBatch;

/**
 * Files of a folder to CLIP batches: listed, read, decoded ahead, cropped, resized, brought to the
 * device and normalised for student and teacher.
 */
final class PipelineWork implements Work {

  private static final int BATCHES = 4;

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final BenchSetting setting;
  private final Photos photos;
  private final ReplayStream stream;
  private final BenchModels models;
  private final FeedBatches batches;
  private long step;

  PipelineWork(BenchSetting setting) {
    this.setting = setting;
    photos = Photos.in(setting.photos());
    SourceOptions options =
        new SourceOptions("photos", List.of(photos.folder().toString()), DataLimits.DEFAULT);
    stream = SyntheticData.stream(new ImageFolderSource(options), LibTorch.threads());
    models = new BenchModels(setting, manager);
    batches = models.batches(models.crops(0), stream);
  }

  @Override
  public void run() {
    for (int i = 0; i < BATCHES; i++) {
      ImageBatch batch = batches.apply(step++).batches().get(0);
      try (NDManager local = manager.newSubManager()) {
        batch.views().values().forEach(view -> view.toArray(local));
      }
    }
  }

  @Override
  public int images() {
    return BATCHES * setting.clipBatch();
  }

  @Override
  public void close() {
    stream.close();
    photos.close();
    models.close();
    manager.close();
  }
}
