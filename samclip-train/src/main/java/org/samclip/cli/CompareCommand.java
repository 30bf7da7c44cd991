package org.samclip.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.train.report.Comparison;
import org.samclip.train.report.RowScores;
import org.samclip.train.report.RunResults;
import org.samclip.train.report.ScoresFile;
import org.samclip.train.store.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip compare}: rows of runs against one of them, image by image. */
@Command(
    name = "compare",
    description =
        "Compares rows of one or several runs with one of them, with 95 %% intervals that are paired"
            + " over images. Runs of one recipe that differ in the seed are taken together: mean,"
            + " standard deviation over seeds, and the interval of the difference of the means.",
    mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "RUN|SCORES",
      description = "Folders of runs, or single rows: runs/X/scores/ROW.json.gz.")
  private List<Path> from;

  @Option(
      names = "--against",
      paramLabel = "ROW",
      description =
          "Row that the others are compared with, of the recipe given first: stage2; or of another"
              + " as the output calls it: RUN/stage2. Without it the last stage of the first.")
  private String against;

  @Option(
      names = "--rows",
      split = ",",
      paramLabel = "ROW",
      description = "Only these rows of the runs: stage2,naive-kd.")
  private List<String> rows = List.of();

  @Option(
      names = "--metrics",
      split = ",",
      paramLabel = "METRIC",
      description = "Only these metrics: point_miou,zeroshot_top1_64.")
  private List<String> metrics = List.of();

  @Option(names = "--markdown", description = "Print tables of Markdown, with all columns.")
  private boolean markdown;

  @Option(names = "--json", paramLabel = "FILE", description = "Write everything there as JSON.")
  private Path json;

  @Override
  public Integer call() {
    List<RowScores> scores = new ArrayList<>();
    from.forEach(path -> scores.addAll(read(path)));
    Comparison comparison = Comparison.of(scores, against, metrics);
    String text = markdown ? comparison.markdown() : comparison.text();
    if (json != null) {
      AtomicFile.writeString(json, comparison.json());
    }
    spec.commandLine().getOut().print(text);
    spec.commandLine().getOut().flush();
    return Samclip.DONE;
  }

  private List<RowScores> read(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(ScoresFile.read(path));
    }
    RunFolder run = new RunFolder(path);
    if (!Files.exists(run.results())) {
      throw new UserError(
          path + ": holds no results.json; give the folder of a run that has measured something");
    }
    return RunResults.read(run.results(), run.scores(), rows);
  }
}
