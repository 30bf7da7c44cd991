package org.samclip.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.samclip.data.prepare.OrderCheck;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data verify-order}: resuming loses and repeats nothing. */
@Command(
    name = "verify-order",
    description = {
      "Proves on these data that each sample comes exactly once per pass, whatever happens: one run"
          + " goes through; another stops at random places and goes on with other numbers of ranks"
          + " and workers. Compares their samples with each other and with the listings.",
      "Images are not read. Takes up to 48 bytes of memory for each draw."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataVerifyOrderCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(names = "--passes", paramLabel = "N", description = "Passes of each run.")
  private int passes = 2;

  @Option(names = "--stops", paramLabel = "N", description = "Stops of the second run.")
  private int stops = 3;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of the order and of the stops.")
  private long seed = 0;

  @Option(names = "--shuffle-buffer", paramLabel = "N", description = "As in training.")
  private int shuffleBuffer = 10_000;

  @Override
  public Integer call() {
    OrderCheck.Result result =
        new OrderCheck(data.mixture(), shuffleBuffer, seed).run(passes, stops);
    PrintWriter out = spec.commandLine().getOut();
    result.runs().forEach(out::println);
    out.printf(
        "%d samples, %d draws: %d given without a stop, %d with stops, %d of them the same in the"
            + " same order%n",
        result.samples(), result.draws(), result.given(), result.resumed(), result.same());
    out.printf("%d samples too rarely, %d too often%n", result.missing(), result.repeated());
    out.println(result.holds() ? "the order holds" : "THE ORDER DOES NOT HOLD");
    return result.holds() ? Samclip.DONE : Samclip.FAILED;
  }
}
