package org.samclip.train.bench;

import java.util.List;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.SamPreprocess;

/** JPEG files in memory to SAM's input, on the calling thread alone. */
final class DecodeWork implements Work {

  private final List<byte[]> files;
  private final SamPreprocess preprocess;

  /** One value of every result, so that no result is left out as unused. */
  private float seen;

  DecodeWork(BenchSetting setting) {
    preprocess = new SamPreprocess(setting.side());
    try (Photos photos = Photos.in(setting.photos())) {
      files = photos.read();
    }
  }

  @Override
  public void run() {
    for (byte[] file : files) {
      seen += preprocess.apply(ImageDecoder.decode(file, "photo"))[0];
    }
    if (!Float.isFinite(seen)) {
      throw new IllegalStateException("a pixel is no number");
    }
  }

  @Override
  public int images() {
    return files.size();
  }

  @Override
  public void close() {}
}
