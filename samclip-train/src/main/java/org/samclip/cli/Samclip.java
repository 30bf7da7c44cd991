package org.samclip.cli;

import java.io.PrintWriter;
import org.samclip.UserError;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The root command. Exit codes: 0 done, 1 failed, 2 a mistake the user can repair (of usage, in a
 * file, of a device), told in one message without a stack trace.
 */
@Command(
    name = "samclip",
    description = "Merges vision foundation models: SAM and CLIP into one backbone.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      MergeCommand.class,
      PretrainCommand.class,
      DataCommand.class,
      PredictCommand.class,
      EvalCommand.class,
      CompareCommand.class,
      InspectCommand.class,
      DiffCommand.class,
      ConvertCommand.class,
      BenchCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong usage, file, value or device; the message says"})
public final class Samclip implements Runnable {

  /** The work is done. */
  public static final int DONE = 0;

  /** The work failed. */
  public static final int FAILED = 1;

  /** The user asked for something that cannot be, and can repair it. */
  public static final int USER_ERROR = 2;

  private static final String LOGBACK = "logback.configurationFile";

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of an error.")
  private boolean debug;

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    if (System.getProperty(LOGBACK) == null) {
      // Set here and not in a logback.xml of the jar, which would bind library users as well.
      System.setProperty(LOGBACK, "org/samclip/cli/logback.xml");
    }
    if (ProgressBar.isTerminal()) {
      // A log line may cover a longer progress line.
      System.setProperty("samclip.erase", "\u001b[K");
    }
    System.exit(
        run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments));
  }

  /**
   * Runs a command.
   *
   * @param out takes results
   * @param err takes messages
   * @param arguments as on the command line
   * @return the exit code
   */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    Samclip samclip = new Samclip();
    CommandLine commandLine =
        new CommandLine(samclip)
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(Samclip::explainUsage)
            .setExecutionExceptionHandler(samclip::explain);
    try {
      return commandLine.execute(arguments);
    } catch (OutOfMemoryError e) {
      err.println(
          "samclip: Java's memory is full; give more with SAMCLIP_JAVA_OPTS=-Xmx8g, or make batches"
              + " and shuffle buffers smaller");
      samclip.trace(err, e);
      return FAILED;
    }
  }

  /** Without a command there is nothing to do but to tell which there are. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing");
  }

  private static int explainUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("samclip: " + e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    command.usage(err);
    return USER_ERROR;
  }

  private int explain(Exception e, CommandLine command, ParseResult result) {
    PrintWriter err = command.getErr();
    int code;
    if (e instanceof UserError) {
      err.println("samclip: " + e.getMessage());
      code = USER_ERROR;
    } else {
      String message = e.getMessage() == null ? "" : ": " + e.getMessage();
      err.println("samclip: failed with " + e.getClass().getSimpleName() + message);
      if (!debug) {
        err.println("Run the command again with --debug to see where.");
      }
      code = FAILED;
    }
    trace(err, e);
    return code;
  }

  private void trace(PrintWriter err, Throwable e) {
    if (debug) {
      e.printStackTrace(err);
    }
  }
}
