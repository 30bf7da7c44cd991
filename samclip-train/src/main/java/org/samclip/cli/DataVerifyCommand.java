package org.samclip.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.data.prepare.DataVerification;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.SampleBudget;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data verify}: reads everything. */
@Command(
    name = "verify",
    description = {
      "Reads and decodes every sample once, lists the broken ones, and counts keys that occur"
          + " twice.",
      "Ends with exit code 2 if more than the allowed share is broken."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataVerifyCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(
      names = "--quarantine",
      paramLabel = "FILE",
      description = "Add broken samples to this list; without it they are only counted.")
  private Path quarantine;

  @Option(
      names = "--max-broken-share",
      paramLabel = "SHARE",
      description = "Most that may be broken.")
  private double maxBrokenShare = SampleBudget.DEFAULT_SHARE;

  @Override
  public Integer call() {
    if (!(maxBrokenShare >= 0 && maxBrokenShare <= 1)) {
      throw new UserError("--max-broken-share " + maxBrokenShare + ": allowed: 0..1");
    }
    Mixture mixture = data.mixture();
    mixture.parts().stream()
        .flatMap(part -> part.inventory().leftOut().stream())
        .forEach(entry -> spec.commandLine().getErr().println("left out: " + entry));
    Quarantine list = quarantine == null ? null : new Quarantine(quarantine);
    DataVerification.Result result;
    try (ProgressBar bar = ProgressBar.console()) {
      BarProgress progress = new BarProgress(bar);
      result =
          DataVerification.run(
              mixture,
              data.workers(),
              list,
              (done, total) -> progress.done("reading", done, total));
    }
    String found =
        result.good()
            + " good, "
            + result.brokenCount()
            + " broken "
            + result.broken()
            + ", "
            + result.duplicateKeys()
            + " keys in several shards, "
            + result.emptyShards()
            + " shards without a selected sample";
    if (result.brokenCount() > maxBrokenShare * (result.good() + result.brokenCount())) {
      throw new UserError(
          mixture.name()
              + ": "
              + found
              + "; allowed: "
              + maxBrokenShare * 100
              + " % broken. Repair the data"
              + (quarantine == null ? " (--quarantine lists them)" : " (list: " + quarantine + ")")
              + " or raise --max-broken-share");
    }
    spec.commandLine().getOut().println(mixture.name() + ": " + found);
    return Samclip.DONE;
  }
}
