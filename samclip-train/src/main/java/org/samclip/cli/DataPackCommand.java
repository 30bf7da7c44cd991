package org.samclip.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.samclip.data.prepare.CocoPack;
import org.samclip.data.prepare.ImageFolderPack;
import org.samclip.data.prepare.PackSource;
import org.samclip.data.prepare.ShardPacker;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.source.DataLimits;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data pack}: files to shards. */
@Command(
    name = "pack",
    description = {
      "Packs a folder of images (with .txt captions beside them) into WebDataset shards or, with"
          + " --coco, images and instances into shards in SA-1B's form.",
      "Images are stored as they are, in an order that mixes folders. The same files give the same"
          + " bytes."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataPackCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "Folder of images; of the images of --coco, if that is given.")
  private Path images;

  @Option(names = "--coco", paramLabel = "FILE", description = "COCO instances, as JSON.")
  private Path coco;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to make.")
  private Path out;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of the order in the shards.")
  private long seed = 0;

  @Option(names = "--shard-samples", paramLabel = "N", description = "Most samples of a shard.")
  private int shardSamples = ShardPacker.DEFAULT_SAMPLES;

  @Option(names = "--shard-bytes", paramLabel = "N", description = "Most bytes of a shard.")
  private long shardBytes = ShardPacker.DEFAULT_BYTES;

  @Option(
      names = "--max-broken-share",
      paramLabel = "SHARE",
      description = "Most that may be broken; broken images are left out.")
  private double maxBrokenShare = SampleBudget.DEFAULT_SHARE;

  @Option(
      names = "--max-bad-annotation-share",
      paramLabel = "SHARE",
      description = "Most annotations of --coco that may be bad; these are left out.")
  private double maxBadAnnotationShare = SampleBudget.DEFAULT_ANNOTATION_SHARE;

  @Option(
      names = "--quarantine",
      paramLabel = "FILE",
      description = "List broken images and bad annotations here.")
  private Path quarantine;

  @Option(names = "--workers", paramLabel = "N", description = "Threads that read and check.")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws IOException {
    ShardPacker packer = new ShardPacker(shardSamples, shardBytes, workers);
    SampleBudget budget =
        new SampleBudget(
            maxBrokenShare,
            maxBadAnnotationShare,
            SampleBudget.DEFAULT_MINIMUM,
            quarantine == null ? null : new Quarantine(quarantine));
    PackSource source =
        coco == null
            ? new ImageFolderPack(images, seed, DataLimits.DEFAULT)
            : new CocoPack(coco, images, seed, DataLimits.DEFAULT);
    ShardPacker.Result result;
    try (ProgressBar bar = ProgressBar.console()) {
      BarProgress progress = new BarProgress(bar);
      result =
          packer.pack(source, out, budget, (done, total) -> progress.done("packing", done, total));
    }
    String leftOut = result.broken() + " broken ones";
    if (coco != null) {
      leftOut +=
          ", "
              + result.empty()
              + " without objects and "
              + budget.badAnnotations().values().stream().mapToLong(Long::longValue).sum()
              + " bad annotations "
              + new TreeMap<>(budget.badAnnotations());
    }
    String packed = result.samples() + " samples in " + result.shards() + " shards; ";
    spec.commandLine().getOut().println(out + ": " + packed + leftOut + " left out");
    return Samclip.DONE;
  }
}
