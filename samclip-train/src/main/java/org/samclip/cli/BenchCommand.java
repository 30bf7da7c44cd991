package org.samclip.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Preset;
import org.samclip.train.bench.Bench;
import org.samclip.train.bench.BenchReport;
import org.samclip.train.bench.BenchRow;
import org.samclip.train.bench.BenchSetting;
import org.samclip.train.bench.BenchWork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip bench}: how fast this machine does the parts of a run. */
@Command(
    name = "bench",
    description = {
      "Measures the parts of a run on this machine's CPU with synthetic data: seconds, peak memory,"
          + " arithmetic and its share of the rate at which this machine multiplies large matrices.",
      "The peak memory is that of the process so far: for its own, measure one work a process."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class BenchCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--work",
      paramLabel = "NAME",
      arity = "1..*",
      split = ",",
      description = "What to measure; --list tells the names. Without it: everything.")
  private List<String> works = new ArrayList<>();

  @Option(names = "--list", description = "Print the names of the works.")
  private boolean list;

  @Option(
      names = "--preset",
      paramLabel = "PRESET",
      description = "Sizes of the encoder: tiny, vit-b, vit-l, vit-h.")
  private String preset = Preset.VIT_B.label();

  @Option(
      names = "--side",
      paramLabel = "PIXELS",
      description = "Side of SAM's images. Without it: the preset's own, 1024 for SAM's sizes.")
  private Integer side;

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images of a SAM batch, in encoder-* and stage2-step. Without it: 1.")
  private Integer images;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      description = "Prompts an image, in stage2-step. Without it: 32, of tiny 3.")
  private Integer prompts;

  @Option(
      names = "--clip-batch",
      paramLabel = "N",
      description =
          "Images of a CLIP batch, in stage2-step and stage1-epoch*. Without it: 8, of tiny 4.")
  private Integer clipBatch;

  @Option(names = "--warm-up", paramLabel = "N", description = "Runs before the measured ones.")
  private int warmUp = 1;

  @Option(names = "--repeats", paramLabel = "N", description = "Measured runs.")
  private int repeats = 5;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of one operation. Without it: libtorch's choice.")
  private Integer threads;

  @Option(
      names = "--photos",
      paramLabel = "DIR",
      description = "Folder of JPEG files to decode; it is made and filled if it does not exist.")
  private Path photos;

  @Option(
      names = "--checkpoint-activations",
      description =
          "Train with the encoder's blocks computed again in the backward pass instead of kept.")
  private boolean checkpointActivations;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON.")
  private Path json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      for (BenchWork work : BenchWork.values()) {
        out.printf("%-20s %s%n", work.label(), work.description());
      }
      return Samclip.DONE;
    }
    List<BenchWork> chosen =
        works.isEmpty()
            ? List.of(BenchWork.values())
            : works.stream().map(BenchWork::of).distinct().toList();
    BenchSetting.Sizes sizes = new BenchSetting.Sizes(side, images, prompts, clipBatch);
    BenchSetting setting = BenchSetting.of(Preset.of(preset), sizes, photos, checkpointActivations);
    Bench bench = new Bench(warmUp, repeats, threads == null ? LibTorch.threads() : threads);
    out.println(BenchReport.heading());
    List<BenchRow> rows = new ArrayList<>();
    for (BenchWork work : chosen) {
      BenchRow row = bench.measure(work, setting);
      out.println(BenchReport.line(row));
      rows.add(row);
    }
    if (json != null) {
      AtomicFile.writeString(json, JsonOutput.of(BenchReport.here(rows)));
    }
    return Samclip.DONE;
  }
}
