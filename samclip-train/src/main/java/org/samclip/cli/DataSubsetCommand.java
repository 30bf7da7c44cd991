package org.samclip.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.data.prepare.ShardPacker;
import org.samclip.data.prepare.SubsetPack;
import org.samclip.data.replay.SampleBudget;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data subset}: the selected samples, by name or as shards. */
@Command(
    name = "subset",
    description = {
      "Writes which samples --subset, --hold-out and --side select, the same on every machine: as"
          + " a table of shard and key (--keys), or packed into new shards (--out)."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataSubsetCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(names = "--keys", paramLabel = "FILE", description = "Table to write.")
  private Path keys;

  @Option(names = "--out", paramLabel = "DIR", description = "Folder of shards to make.")
  private Path out;

  @Option(names = "--shard-samples", paramLabel = "N", description = "Most samples of a shard.")
  private int shardSamples = ShardPacker.DEFAULT_SAMPLES;

  @Option(names = "--shard-bytes", paramLabel = "N", description = "Most bytes of a shard.")
  private long shardBytes = ShardPacker.DEFAULT_BYTES;

  @Override
  public Integer call() throws IOException {
    if (keys == null && out == null) {
      throw new UserError("give --keys FILE, --out DIR, or both, to say what to write");
    }
    SubsetPack subset = new SubsetPack(data.mixture());
    PrintWriter print = spec.commandLine().getOut();
    if (keys != null) {
      print.println(keys + ": " + subset.writeKeys(keys) + " keys");
    }
    if (out != null) {
      ShardPacker packer = new ShardPacker(shardSamples, shardBytes, data.workers());
      SampleBudget budget = new SampleBudget(null);
      ShardPacker.Result result;
      try (ProgressBar bar = ProgressBar.console()) {
        BarProgress progress = new BarProgress(bar);
        result =
            packer.pack(
                subset, out, budget, (done, total) -> progress.done("packing", done, total));
      }
      print.println(out + ": " + result.samples() + " samples in " + result.shards() + " shards");
    }
    return Samclip.DONE;
  }
}
