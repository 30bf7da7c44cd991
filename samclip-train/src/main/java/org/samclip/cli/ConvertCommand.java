package org.samclip.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.model.export.ExportFormat;
import org.samclip.model.export.ModelExport;
import org.samclip.train.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code samclip convert}: a model in another program's format. */
@Command(
    name = "convert",
    description = {
      "Writes a model in another program's format, float32, with its provenance.",
      "sam: segment-anything's state dict, of a samclip or sam model. openclip: OpenCLIP's state"
          + " dict with open_clip_config.json and tokenizer.json beside it, of a clip model; with"
          + " --part text the text tower alone, also of a samclip model. torchscript: a whole"
          + " samclip model that torch.jit.load runs without samclip."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class ConvertCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description = "Model file that samclip wrote, or official weights.")
  private Path model;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORMAT",
      description = "sam, openclip or torchscript.")
  private String format;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "File to write: FILE.safetensors, or FILE.pth and the like for a torch archive.")
  private Path out;

  @Option(
      names = "--part",
      paramLabel = "all|text",
      description = "openclip: both towers, or the text tower.")
  private ModelExport.Part part = ModelExport.Part.ALL;

  @Option(names = "--force", description = "Replace files that exist.")
  private boolean force;

  @Mixin private WeightsOptionsMixin weights = new WeightsOptionsMixin();

  @Mixin private LicenceOption licence = new LicenceOption();

  @Override
  public Integer call() {
    ModelExport export =
        new ModelExport(
            model, weights.options(), out, force, Version.current(), licence.licences());
    export
        .write(ExportFormat.of(format), part)
        .forEach(file -> spec.commandLine().getOut().println(file + ": written"));
    return Samclip.DONE;
  }
}
