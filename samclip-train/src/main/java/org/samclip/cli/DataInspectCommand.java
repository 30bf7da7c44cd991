package org.samclip.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.prepare.DataSurvey;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.eval.picture.ContactSheet;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data inspect}: what data look like. */
@Command(
    name = "inspect",
    description =
        "Counts shards and samples, shows how large images and masks are, and draws a contact sheet.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataInspectCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Samples to decode, drawn from all shards; 0: all.")
  private long limit = 1000;

  @Option(names = "--seed", paramLabel = "N", description = "Decides which samples are drawn.")
  private long seed = 0;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the same as JSON.")
  private Path json;

  @Option(names = "--sheet", paramLabel = "FILE", description = "Draw a contact sheet as PNG.")
  private Path sheet;

  @Option(names = "--panels", paramLabel = "N", description = "Images on the contact sheet.")
  private int panels = 24;

  @Override
  public Integer call() {
    Mixture mixture = data.mixture();
    DataSurvey survey = new DataSurvey(mixture);
    ContactSheet pictures = new ContactSheet(mixture.name(), panels);
    ReplaySettings settings =
        new ReplaySettings(1000, seed, data.workers(), Math.max(8, 4 * data.workers()));
    try (ProgressBar bar = ProgressBar.console()) {
      BarProgress progress = new BarProgress(bar);
      long total = limit == 0 ? mixture.draws() : Math.min(limit, mixture.draws());
      survey.look(
          limit,
          settings,
          (sample, number) -> {
            if (sheet != null) {
              pictures.add(sample);
            }
            progress.done("decoding", number, total);
          });
    }
    spec.commandLine().getOut().print(survey.text());
    spec.commandLine().getOut().flush();
    if (json != null) {
      ObjectNode root = new ObjectMapper().createObjectNode();
      survey.json(root);
      AtomicFile.writeString(json, root.toPrettyString() + "\n");
    }
    if (sheet != null) {
      pictures.write(sheet);
    }
    return Samclip.DONE;
  }
}
