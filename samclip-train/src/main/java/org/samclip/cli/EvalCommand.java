package org.samclip.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.HeldOutClasses;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.protocol.DataKind;
import org.samclip.eval.protocol.EvaluationData;
import org.samclip.eval.protocol.Protocol;
import org.samclip.eval.protocol.ProtocolChoice;
import org.samclip.eval.protocol.ProtocolReport;
import org.samclip.eval.protocol.ProtocolResult;
import org.samclip.eval.protocol.ProtocolRun;
import org.samclip.eval.protocol.Protocols;
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

  private static final int BATCH = 8;

  /** Options of the protocol that have a flag, by the recipe's name, as they were given. */
  private final Map<String, String> flags = new LinkedHashMap<>();

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "Model that samclip wrote, or official weights.")
  private Path model;

  @Option(
      names = "--task",
      required = true,
      paramLabel = "TASK",
      description =
          "classify: zero-shot classification; semantic: segmentation by patch features;"
              + " instance: masks from boxes and points; compose: segmentation by both heads; knn:"
              + " classification by the nearest of known images; or a protocol of another jar.")
  private String task;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR|JSON",
      description =
          "classify, knn: folder with a folder of images for each class; semantic, compose: folder"
              + " with images, labels and classes.txt; instance: COCO's JSON.")
  private Path data;

  @Option(
      names = "--train",
      paramLabel = "DIR",
      description = "knn: folder as --data, of the known images.")
  private Path train;

  @Option(
      names = "--heldout",
      paramLabel = "FILE",
      description =
          "classify, semantic, compose: names of classes, one a line, that get metrics of their"
              + " own.")
  private Path heldOut;

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
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "An option of the protocol, as the recipe calls it: --task knn --set k=10; one in a section"
              + " as SECTION.KEY.")
  private Map<String, String> options = Map.of();

  @Option(
      names = "--prompt",
      paramLabel = "box|point",
      description = "instance: what the model is given of each object; without it both.")
  void prompt(String value) {
    flags.put("prompts", value);
  }

  @Option(
      names = "--templates",
      paramLabel = "brief|openai|FILE",
      description =
          "Sentences for class names; a file has one a line, with {} for the name. Without it openai.")
  void templates(String value) {
    flags.put("templates", value);
  }

  @Option(
      names = "--background",
      paramLabel = "text|threshold|excluded",
      description =
          "semantic, compose: a class named background is a text like others, or what no other"
              + " class claims, or not counted. It is always measured without as well. Without it"
              + " text.")
  void background(String value) {
    flags.put("background", value);
  }

  @Option(
      names = "--dense",
      paramLabel = "FORM",
      description =
          "semantic, of a clip model: how a patch gets its feature. output: the last block as it is;"
              + " value: its value path alone (MaskCLIP); value_block: that with residual and MLP.")
  void dense(String value) {
    flags.put("dense", value);
  }

  @Mixin private WeightsOptionsMixin weights = new WeightsOptionsMixin();

  @Mixin private ComposerOptions composing = new ComposerOptions();

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as well.")
  private Path json;

  @Option(names = "--device", paramLabel = "DEVICE", description = "cpu, cuda or cuda:N.")
  private String device = "cpu";

  @Override
  public Integer call() {
    Protocol<?> protocol = Protocols.installed().of("--task", task);
    ProtocolChoice<?> choice = ProtocolChoice.of(protocol, options());
    ProtocolRun run = new ProtocolRun(side, BATCH, maxImages);
    ProtocolReport report;
    try (OpenModel open = OpenModel.read(model, weights.options(), LibTorch.device(device))) {
      open.require(protocol.needs(), "task " + task);
      ProtocolResult result = choice.run(open.model(), data(protocol.reads()), run);
      report = new ProtocolReport(model.toString(), open.kind(), data.toString(), choice, result);
    }
    if (json != null) {
      AtomicFile.writeString(json, report.json() + "\n");
    }
    spec.commandLine().getOut().print(report.text());
    spec.commandLine().getOut().flush();
    return Samclip.DONE;
  }

  /** Those that were given, by flags or by {@code --set}. */
  private ObjectNode options() {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    flags.forEach((key, value) -> put(tree, key, value));
    composing
        .given(spec.commandLine().getParseResult())
        .forEach((key, value) -> put(tree, key, value));
    options.forEach((key, value) -> put(tree, key, value));
    return tree;
  }

  private static void put(ObjectNode tree, String key, String value) {
    int dot = key.indexOf('.');
    if (dot < 0) {
      tree.put(key, value);
    } else {
      put(tree.withObjectProperty(key.substring(0, dot)), key.substring(dot + 1), value);
    }
  }

  private EvaluationData data(Set<DataKind> kinds) {
    refuse(train != null, kinds.contains(DataKind.CLASSES_TRAIN), "--train");
    refuse(images != null, kinds.contains(DataKind.INSTANCES), "--images");
    refuse(!layout.isEmpty(), kinds.contains(DataKind.SEMANTIC), "--option");
    EvaluationData sets = new EvaluationData();
    if (kinds.contains(DataKind.CLASSES)) {
      sets.optClasses(new ClassFolders(data, DataLimits.DEFAULT));
    }
    if (train != null) {
      sets.optClassesTrain(new ClassFolders(train, DataLimits.DEFAULT));
    }
    if (kinds.contains(DataKind.SEMANTIC)) {
      sets.optSemantic(new LabelMapFolder(data, layout, DataLimits.DEFAULT));
    }
    if (kinds.contains(DataKind.INSTANCES)) {
      Path folder = images != null ? images : data.resolveSibling("images");
      sets.optInstances(new CocoInstances(data, folder, DataLimits.DEFAULT));
    }
    if (heldOut != null) {
      sets.optHeldOut(HeldOutClasses.read(heldOut));
    }
    return sets;
  }

  private void refuse(boolean given, boolean isRead, String flag) {
    if (given && !isRead) {
      throw new UserError(flag + ": the task " + task + " takes none; leave it out");
    }
  }
}
