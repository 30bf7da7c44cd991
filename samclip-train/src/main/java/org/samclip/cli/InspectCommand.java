package org.samclip.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.model.Inspection;
import org.samclip.model.Preset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip inspect}: what a file of weights holds. */
@Command(
    name = "inspect",
    description = {
      "Tells what a file of weights holds: kind, architecture, parts, types, metadata, and what is"
          + " missing or extra. Reads no values and runs nothing.",
      "Read are samclip's own files, SAM of segment-anything and Hugging Face, CLIP of OpenAI,"
          + " open_clip and Hugging Face."
    },
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "safetensors, .pth, .pt, .bin or *.index.json.")
  private Path file;

  @Option(
      names = "--against",
      paramLabel = "PRESET",
      description = "Compare a SAM or merged model with a preset: tiny, vit-b, vit-l, vit-h.")
  private String against;

  @Mixin private WeightsOptionsMixin weights = new WeightsOptionsMixin();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Preset preset = against == null ? null : Preset.of(against);
    Inspection inspection = Inspection.of(file, weights.options(), preset);
    spec.commandLine().getOut().print(json ? JsonOutput.of(inspection) : inspection.text());
    spec.commandLine().getOut().flush();
    return Samclip.DONE;
  }
}
