package org.samclip.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.data.source.DataLimits;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.files.ImageFile;
import org.samclip.eval.files.PredictionFiles;
import org.samclip.eval.predict.ImagePrediction;
import org.samclip.eval.predict.ImagePredictor;
import org.samclip.eval.predict.MaskPrompt;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.kernel.LibTorch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip predict}: what a model says of one image. */
@Command(
    name = "predict",
    description = {
      "Answers texts, points and boxes for one image: masks as PNG, an overlay, and the arrays"
          + " behind them as safetensors. A summary in JSON goes to the output and to"
          + " prediction.json.",
      "A samclip model takes all of them, a sam model points and boxes, a clip model texts."
    },
    mixinStandardHelpOptions = true)
final class PredictCommand implements Callable<Integer> {

  private static final String POINT = "--point";
  private static final String BOX = "--box";

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "Model that samclip wrote, or official weights of a SAM or CLIP.")
  private Path model;

  @Option(names = "--image", required = true, paramLabel = "FILE", description = "JPEG or PNG.")
  private Path image;

  @Option(
      names = "--text",
      paramLabel = "TEXT,...",
      description = "What to look for, separated by commas: --text \"cat,dog\".")
  private String texts;

  @Option(
      names = POINT,
      paramLabel = "X,Y[,LABEL]",
      description =
          "A pixel on the object (label 1, the default) or beside it (label 0), from the upper left."
              + " All points together mean one object.")
  private List<String> points = List.of();

  @Option(
      names = BOX,
      paramLabel = "X0,Y0,X1,Y1",
      description = "A box around an object, in pixels. Each box means an object of its own.")
  private List<String> boxes = List.of();

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to fill.")
  private Path out;

  @Option(
      names = "--templates",
      paramLabel = "brief|openai|FILE",
      description = "Sentences for the texts; a file has one a line, with {} for the text.")
  private String templates = PromptTemplates.BRIEF;

  @Option(names = "--device", paramLabel = "DEVICE", description = "cpu, cuda or cuda:N.")
  private String device = "cpu";

  @Mixin private WeightsOptionsMixin weights = new WeightsOptionsMixin();

  @Mixin private ComposerOptions composing = new ComposerOptions();

  @Override
  public Integer call() {
    List<MaskPrompt> prompts = prompts();
    List<String> wanted = texts();
    PredictionFiles files = new PredictionFiles(out);
    RgbImage picture = ImageFile.read(image, DataLimits.DEFAULT);
    try (OpenModel open = OpenModel.read(model, weights.options(), LibTorch.device(device))) {
      ImagePrediction prediction =
          new ImagePredictor(open, PromptTemplates.named(templates), composing.settings())
              .predict(picture, prompts, wanted);
      spec.commandLine().getOut().println(files.write(picture, prediction));
    }
    return Samclip.DONE;
  }

  private List<String> texts() {
    return texts == null
        ? List.of()
        : Arrays.stream(texts.split(",", -1)).map(String::strip).toList();
  }

  private List<MaskPrompt> prompts() {
    List<MaskPrompt> prompts = new ArrayList<>();
    if (!points.isEmpty()) {
      prompts.add(new MaskPrompt.Points(points.stream().map(PredictCommand::point).toList()));
    }
    for (String box : boxes) {
      double[] corners = numbers(BOX, box, "four numbers x0,y0,x1,y1", 4, 4);
      prompts.add(new MaskPrompt.Box(corners[0], corners[1], corners[2], corners[3]));
    }
    return prompts;
  }

  private static MaskPrompt.Point point(String text) {
    double[] numbers = numbers(POINT, text, "x,y or x,y,label", 2, 3);
    double label = numbers.length == 3 ? numbers[2] : 1;
    if (label != 0 && label != 1) {
      throw new UserError(
          POINT + " " + text + ": the label is the third number; allowed: 1 on the object, 0 not");
    }
    return new MaskPrompt.Point(numbers[0], numbers[1], label == 1);
  }

  private static double[] numbers(String option, String text, String form, int least, int most) {
    String[] parts = text.split(",", -1);
    double[] numbers = new double[parts.length];
    try {
      for (int i = 0; i < parts.length; i++) {
        numbers[i] = Double.parseDouble(parts[i].strip());
      }
    } catch (NumberFormatException e) {
      throw new UserError(option + " " + text + ": not numbers; allowed: " + form, e);
    }
    if (parts.length < least || parts.length > most) {
      throw new UserError(
          option + " " + text + ": " + parts.length + " numbers found; allowed: " + form);
    }
    return numbers;
  }
}
