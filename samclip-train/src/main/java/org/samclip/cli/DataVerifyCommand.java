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
      "Ends with exit code 2 if more than the allowed share of samples is broken, or of annotations"
          + " bad."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataVerifyCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(
      names = "--quarantine",
      paramLabel = "FILE",
      description =
          "Add broken samples and bad annotations to this list; else they are only counted.")
  private Path quarantine;

  @Option(
      names = "--max-broken-share",
      paramLabel = "SHARE",
      description = "Most that may be broken.")
  private double maxBrokenShare = SampleBudget.DEFAULT_SHARE;

  @Option(
      names = "--max-bad-annotation-share",
      paramLabel = "SHARE",
      description = "Most annotations of good samples that may be bad.")
  private double maxBadAnnotationShare = SampleBudget.DEFAULT_ANNOTATION_SHARE;

  @Override
  public Integer call() {
    requireShare("--max-broken-share", maxBrokenShare);
    requireShare("--max-bad-annotation-share", maxBadAnnotationShare);
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
            + (result.annotations() - result.badAnnotationCount())
            + " masks, "
            + result.badAnnotationCount()
            + " bad annotations "
            + result.badAnnotations()
            + ", "
            + result.duplicateKeys()
            + " keys in several shards, "
            + result.emptyShards()
            + " shards without a selected sample";
    boolean broken = result.brokenCount() > maxBrokenShare * (result.good() + result.brokenCount());
    if (broken || result.badAnnotationCount() > maxBadAnnotationShare * result.annotations()) {
      throw new UserError(
          mixture.name()
              + ": "
              + found
              + "; allowed: "
              + (broken
                  ? maxBrokenShare * 100 + " % broken"
                  : maxBadAnnotationShare * 100 + " % of the annotations bad")
              + ". Repair the data"
              + (quarantine == null ? " (--quarantine lists them)" : " (list: " + quarantine + ")")
              + " or raise "
              + (broken ? "--max-broken-share" : "--max-bad-annotation-share"));
    }
    spec.commandLine().getOut().println(mixture.name() + ": " + found);
    return Samclip.DONE;
  }

  private static void requireShare(String option, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new UserError(option + " " + share + ": allowed: 0..1");
    }
  }
}
