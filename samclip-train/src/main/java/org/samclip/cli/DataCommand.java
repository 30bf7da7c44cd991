package org.samclip.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code samclip data}: what makes data, and what looks at them. */
@Command(
    name = "data",
    description = "Makes, packs, checks and shows data sets.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DataScenesCommand.class,
      DataPackCommand.class,
      DataSubsetCommand.class,
      DataInspectCommand.class,
      DataVerifyCommand.class,
      DataVerifyOrderCommand.class,
      DataManifestCommand.class
    })
final class DataCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing");
  }
}
