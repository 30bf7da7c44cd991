package org.samclip.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.RecipeSummary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip merge}: the recipe from the first stage to the table. */
@Command(
    name = "merge",
    description = "Merges a SAM and a CLIP as a recipe says.",
    mixinStandardHelpOptions = true)
final class MergeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CONFIG", description = "Recipe, such as configs/quickstart.yaml.")
  private Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Change a value of the recipe: --set stages.2.lambda=100. Entries of lists are counted"
              + " from 1 or named: stages.multi_task.lambda=100. KEY=null removes a key.")
  private List<String> overrides = List.of();

  @Option(
      names = "--dry-run",
      required = true,
      description = "Print what would be done, and do nothing.")
  private boolean dryRun;

  @Override
  public Integer call() {
    Recipe recipe = RecipeReader.read(config, overrides);
    PrintWriter out = spec.commandLine().getOut();
    out.print(RecipeSummary.text(recipe));
    out.flush();
    return Samclip.DONE;
  }
}
