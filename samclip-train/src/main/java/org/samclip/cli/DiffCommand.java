package org.samclip.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.model.WeightDistance;
import org.samclip.model.WeightsOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip diff}: how far two files of weights are from each other. */
@Command(
    name = "diff",
    description =
        "Tells how far weights B are from weights A: for each part of the model the L2 norm of the"
            + " difference over that of A, and the tensors that only one of them has. The files may be"
            + " of different formats.",
    mixinStandardHelpOptions = true)
final class DiffCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "A file of weights.")
  private Path a;

  @Parameters(index = "1", paramLabel = "B", description = "Another.")
  private Path b;

  @Option(
      names = "--weights-key",
      paramLabel = "KEY",
      description = "Which of several models in A: what stands before its tensors' names.")
  private String keyA;

  @Option(names = "--weights-key-b", paramLabel = "KEY", description = "The same for B.")
  private String keyB;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    WeightDistance distance =
        WeightDistance.between(
            a, WeightsOptions.of(keyA, null, null), b, WeightsOptions.of(keyB, null, null));
    spec.commandLine().getOut().print(json ? JsonOutput.of(distance) : distance.text());
    spec.commandLine().getOut().flush();
    return Samclip.DONE;
  }
}
