package org.samclip.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.clip.DenseForm;
import org.samclip.eval.Background;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.protocol.ProtocolResult;
import org.samclip.eval.protocol.ProtocolRun;
import org.samclip.eval.segment.InstanceSegmentation;
import org.samclip.kernel.LibTorch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip eval}: one protocol on one data set. */
@Command(
    name = "eval",
    description = "Measures a model by one protocol on one data set.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class EvalCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "Model that samclip wrote, or official weights of a SAM or CLIP.")
  private Path model;

  @Option(
      names = "--task",
      required = true,
      paramLabel = "TASK",
      description =
          "classify: zero-shot classification; semantic: segmentation by patch features;"
              + " instance: masks from boxes or points; compose: segmentation by both heads.")
  private ProtocolRun.Task task;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR|JSON",
      description =
          "classify: folder with a folder of images for each class; semantic, compose: folder with"
              + " images, labels and classes.txt; instance: COCO's JSON.")
  private Path data;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "instance: folder of the images; else the folder images beside the JSON.")
  private Path images;

  @Option(
      names = "--option",
      paramLabel = "KEY=VALUE",
      description =
          "semantic, compose: where the label maps are and what they mean, as in layout.properties:"
              + " --option images=val --option labels=valannot.")
  private Map<String, String> layout = Map.of();

  @Option(
      names = "--side",
      paramLabel = "PIXELS",
      description = "Side of the square input, a multiple of the patch; 0: the model's own.")
  private int side;

  @Option(
      names = "--max-images",
      paramLabel = "N",
      description = "Most images, spread evenly over the set; 0: all.")
  private int maxImages;

  @Option(
      names = "--prompt",
      paramLabel = "box|point",
      description = "instance: what the model is given of each object.")
  private InstanceSegmentation.Prompt prompt = InstanceSegmentation.Prompt.BOX;

  @Option(
      names = "--templates",
      paramLabel = "brief|openai|FILE",
      description = "Sentences for class names; a file has one a line, with {} for the name.")
  private String templates = TemplateOption.OPENAI;

  @Option(
      names = "--background",
      paramLabel = "text|threshold|excluded",
      description =
          "semantic, compose: a class named background is a text like others, or what no other"
              + " class claims, or not counted.")
  private Background background = Background.EXCLUDED;

  @Option(
      names = "--dense",
      paramLabel = "FORM",
      description =
          "semantic, of a clip model: how a patch gets its feature. output: the last block as it is;"
              + " value: its value path alone (MaskCLIP); value_block: that with residual and MLP.")
  private DenseForm dense = DenseForm.DEFAULT;

  @Mixin private WeightsOptionsMixin weights = new WeightsOptionsMixin();

  @Mixin private ComposerOptions composing = new ComposerOptions();

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as well.")
  private Path json;

  @Option(names = "--device", paramLabel = "DEVICE", description = "cpu, cuda or cuda:N.")
  private String device = "cpu";

  @Override
  public Integer call() {
    ProtocolRun run =
        new ProtocolRun(
            task,
            data,
            images,
            layout,
            side,
            maxImages,
            prompt,
            TemplateOption.read(templates),
            background,
            composing.settings(),
            dense);
    ProtocolResult result;
    try (OpenModel open = OpenModel.read(model, weights.options(), LibTorch.device(device))) {
      result = run.run(open);
    }
    if (json != null) {
      AtomicFile.writeString(json, result.json() + "\n");
    }
    spec.commandLine().getOut().print(result.text());
    spec.commandLine().getOut().flush();
    return Samclip.DONE;
  }
}
