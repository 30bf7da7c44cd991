package org.samclip.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.train.plan.DryRun;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.report.Comparison;
import org.samclip.train.report.ProgressBar;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.report.RowScores;
import org.samclip.train.report.RunResults;
import org.samclip.train.run.MergeRun;
import org.samclip.train.store.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip merge}: the recipe from the first stage to the table. */
@Command(
    name = "merge",
    description = "Trains one model from several teachers, as a recipe says.",
    mixinStandardHelpOptions = true)
final class MergeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CONFIG", description = "Recipe, such as configs/quickstart.yaml.")
  private Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Change a value of the recipe: --set stages.2.ema=0.999. Entries of lists are counted"
              + " from 1 or named: stages.multi_task.ema=0.999. KEY=null removes a key.")
  private List<String> overrides = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run; without it runs/NAME.")
  private Path out;

  @Option(names = "--resume", description = "Continue the run in the folder where it stopped.")
  private boolean resume;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "N",
      description =
          "Run the recipe once for each seed, into DIR/seed-N, and print means, spread and paired"
              + " intervals over all of them: --seeds 0,1,2.")
  private List<Long> seeds = List.of();

  @Option(names = "--dry-run", description = "Print what would be done, and do nothing.")
  private boolean dryRun;

  @Mixin private LicenceOption licence = new LicenceOption();

  @Override
  public Integer call() {
    Recipe recipe = RecipeReader.read(config, overrides);
    PrintWriter print = spec.commandLine().getOut();
    if (dryRun) {
      print.print(new DryRun(recipe).text());
      print.flush();
      return Samclip.DONE;
    }
    Path root = out == null ? Path.of("runs", recipe.name()) : out;
    return seeds.isEmpty() ? one(recipe, root, resume, print) : all(root, print);
  }

  private int all(Path root, PrintWriter print) {
    if (seeds.stream().distinct().count() < seeds.size()) {
      throw new UserError("--seeds " + seeds + ": each seed only once");
    }
    List<RowScores> scores = new ArrayList<>();
    for (long seed : seeds) {
      List<String> own = new ArrayList<>(overrides);
      own.add("seed=" + seed);
      Path folder = root.resolve("seed-" + seed);
      // Of several runs one was stopped, and those behind it have not begun.
      boolean begun = Files.exists(new RunFolder(folder).recipe());
      int ended = one(RecipeReader.read(config, own), folder, resume && begun, print);
      if (ended != Samclip.DONE) {
        return ended;
      }
      RunFolder run = new RunFolder(folder);
      scores.addAll(RunResults.read(run.results(), run.scores(), List.of()));
    }
    Comparison comparison = Comparison.of(scores, null, List.of());
    AtomicFile.writeString(root.resolve("results-seeds.json"), comparison.json());
    print.print(comparison.text());
    print.println(root + ": all seeds in results-seeds.json");
    print.flush();
    return Samclip.DONE;
  }

  private int one(Recipe recipe, Path root, boolean goOn, PrintWriter print) {
    RunFolder folder = RunFolder.open(root, recipe, goOn);
    Optional<ResultsTable> table;
    try (BarListener listener = new BarListener(ProgressBar.console())) {
      table = new MergeRun(recipe, folder, listener).optLicences(licence.licences()).run();
    }
    if (table.isEmpty()) {
      return Samclip.FAILED;
    }
    print.print(table.get().text());
    String pictures = Files.exists(root.resolve("panels")) ? ", pictures in panels" : "";
    print.println(root + ": merged model in models, table in results.json" + pictures);
    print.flush();
    return Samclip.DONE;
  }
}
