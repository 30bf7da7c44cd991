package org.samclip.train.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.ImageFolderSource;
import org.samclip.data.source.SourceOptions;
import org.samclip.kernel.LibTorch;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;

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
  private final ClipBatches batches;
  private long step;

  PipelineWork(BenchSetting setting) {
    this.setting = setting;
    photos = Photos.in(setting.photos());
    SourceOptions options =
        new SourceOptions("photos", List.of(photos.folder().toString()), DataLimits.DEFAULT);
    stream = SyntheticData.stream(new ImageFolderSource(options), LibTorch.threads());
    batches = SyntheticData.clipBatches(setting, stream, 0);
  }

  @Override
  public void run() {
    for (int i = 0; i < BATCHES; i++) {
      ClipBatch batch = batches.apply(step++);
      try (NDManager local = manager.newSubManager()) {
        batch.student().toArray(local);
        batch.teacher().toArray(local);
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
    manager.close();
  }
}
