import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.ModelWeights;
import org.samclip.model.SamModel;
import org.samclip.model.VisionModel;
import org.samclip.model.WeightsOptions;

/**
 * Time and peak memory of opening a file of weights, of reading one tensor, and of loading the whole
 * model. See scripts/measure-weights.sh, which runs it beside Python.
 */
final class MeasureWeights {

  private MeasureWeights() {}

  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    String what = arguments[1];
    WeightsOptions files = WeightsOptions.of(null, null, arguments.length > 2 ? Path.of(arguments[2]) : null);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      long before = peak();
      long start = System.nanoTime();
      Duration startCpu = cpu();
      if (what.equals("open")) {
        try (ModelWeights weights = ModelWeights.open(file, files)) {
          TensorSource tensors = weights.tensors();
          weights.sizes();
          String name =
              weights.kind().equals(SamModel.KIND)
                  ? "image_encoder.blocks.0.attn.qkv.weight"
                  : "visual.transformer.resblocks.0.attn.in_proj_weight";
          tensors.read(name, manager);
        }
      } else {
        ModelFile.read(VisionModel.class, file, files, manager);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      double cpu = cpu().minus(startCpu).toNanos() / 1e9;
      System.out.printf(
          "samclip %s: %.2f s (CPU %.2f s), %d MB above the start%n",
          what, seconds, cpu, (peak() - before) / 1024);
    }
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
  }

  /** Largest resident memory of this process so far, in kB (Linux). */
  private static long peak() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }
}
