package org.samclip.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.samclip.train.pretrain.Pretraining;
import org.samclip.train.recipe.PretrainRecipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip pretrain}: a small teacher from scratch. */
@Command(
    name = "pretrain",
    description =
        "Trains a small CLIP, SAM or ViT from scratch, for those without official weights.",
    mixinStandardHelpOptions = true)
final class PretrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "CONFIG",
      description = "Recipe, such as configs/pretrain-clip.yaml.")
  private Path config;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Model file to write.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Change a value of the recipe: --set stages.1.duration='100 steps'.")
  private List<String> overrides = List.of();

  @Mixin private LicenceOption licence = new LicenceOption();

  @Override
  public Integer call() {
    PretrainRecipe recipe = RecipeReader.readPretraining(config, overrides);
    Path quarantine = out.resolveSibling(out.getFileName() + ".quarantine.tsv");
    try (BarListener listener = new BarListener(ProgressBar.console())) {
      new Pretraining(recipe, quarantine)
          .optLicences(licence.licences())
          .run(out, listener, listener);
    }
    spec.commandLine().getOut().println(out + ": written");
    return Samclip.DONE;
  }
}
