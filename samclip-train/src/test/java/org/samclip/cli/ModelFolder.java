package org.samclip.cli;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.samclip.checkpoint.TensorType;
import org.samclip.data.transform.RgbImage;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.RandomModels;

/** A folder with a model of each kind and a picture, and a command line to run on them. */
final class ModelFolder {

  static final int WIDTH = 60;
  static final int HEIGHT = 40;

  final Path samClip;
  final Path sam;
  final Path clip;
  final Path image;
  private final Path folder;

  /** What a command left. */
  record Run(int code, String out, String err) {}

  ModelFolder(Path folder) throws IOException {
    this.folder = folder;
    samClip = folder.resolve("merged.safetensors");
    sam = folder.resolve("sam.safetensors");
    clip = folder.resolve("clip.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      ModelFile.write(samClip, RandomModels.merged(manager), TensorType.F32);
      ModelFile.write(sam, RandomModels.sam(manager), TensorType.F32);
      ModelFile.write(clip, RandomModels.clip(manager), TensorType.F32);
    }
    image = Files.write(folder.resolve("picture.png"), picture(0).toPng());
  }

  /** Left red, right blue, and a green field that moves with the number. */
  static RgbImage picture(int number) {
    byte[] rgb = new byte[3 * WIDTH * HEIGHT];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      boolean green = i % WIDTH / 8 == number % 7 && i / WIDTH < 20;
      rgb[3 * i + (green ? 1 : i % WIDTH < WIDTH / 2 ? 0 : 2)] = (byte) 220;
    }
    return new RgbImage(WIDTH, HEIGHT, rgb);
  }

  Path resolve(String name) {
    return folder.resolve(name);
  }

  static Run run(List<String> arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Samclip.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            arguments.toArray(String[]::new));
    return new Run(code, out.toString(), err.toString());
  }
}
