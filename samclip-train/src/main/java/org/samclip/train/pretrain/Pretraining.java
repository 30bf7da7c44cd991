package org.samclip.train.pretrain;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;
import org.samclip.data.cache.CacheUse;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.Selection.Side;
import org.samclip.data.scenes.SceneProgress;
import org.samclip.data.scenes.SceneVocabulary;
import org.samclip.data.transform.AugmentOptions;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ImageInput;
import org.samclip.model.ModelFile;
import org.samclip.model.ModelWeights;
import org.samclip.model.Preset;
import org.samclip.model.SamModel;
import org.samclip.model.VitModel;
import org.samclip.model.WeightsOptions;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.train.Version;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.feed.ViewBatches;
import org.samclip.train.feed.ViewBatches.Crops;
import org.samclip.train.feed.Viewer;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.objective.ContrastiveFeed;
import org.samclip.train.objective.PrototypeHead;
import org.samclip.train.objective.SelfDistillation;
import org.samclip.train.objective.SupervisedFeed;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.PretrainRecipe;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.SelfDistillationSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StepListener;
import org.samclip.train.stage.StepListener.SoFar;
import org.samclip.train.stage.Trainer;
import org.samclip.vit.VitEncoder;

/** Trains one teacher from scratch and writes it as one file. */
public final class Pretraining {

  private final PretrainRecipe recipe;
  private final DataFiles data;
  private final StageLength length;
  private final StageSpec stage;
  private Map<String, String> licences = Map.of();

  /**
   * @param recipe what to train
   * @param quarantine where broken samples are listed
   */
  public Pretraining(PretrainRecipe recipe, Path quarantine) {
    this.recipe = recipe;
    this.data = new DataFiles(recipe.data(), quarantine, null);
    this.length = new StageLength(data);
    this.stage = recipe.stage();
  }

  /**
   * @param terms licence or terms of what goes in, by its name; for the models' provenance
   * @return this
   */
  public Pretraining optLicences(Map<String, String> terms) {
    licences = Map.copyOf(terms);
    return this;
  }

  /**
   * @param out the file to write, half precision
   * @param scenes hears of the scenes being written
   * @param listener hears of every step
   */
  public void run(Path out, SceneProgress scenes, StepListener listener) {
    data.prepare(scenes);
    try (NDManager manager = LibTorch.newManager(LibTorch.device(recipe.device()))) {
      if (recipe.clip() != null) {
        trainClip(out, manager, listener);
      } else if (recipe.vit() != null) {
        trainVit(out, manager, listener);
      } else {
        trainSam(out, manager, listener);
      }
    }
  }

  private void trainClip(Path out, NDManager manager, StepListener listener) {
    Clip clip = new Clip(recipe.clip());
    start(clip, manager);
    int context = recipe.clip().text().contextLength();
    try (Tokenizer tokenizer = new Tokenizer(SceneVocabulary.tokenizerJson(), context)) {
      long steps = length.steps(stage);
      ClipModel model = new ClipModel(clip, tokenizer, Optional.empty());
      ReplayStream stream = stream(true);
      Viewer viewer = Viewer.of(Recipe.STUDENT, model.input(), side -> side);
      FeedBatches batches =
          FeedBatches.of(stage.epochFeed(), stream, List.of(viewer), recipe.seed());
      try (TrainingFeed feed =
          new ContrastiveFeed(clip, tokenizer, manager, feed(stream, batches, steps))) {
        train(feed, clip.arrays(), manager, steps, listener, step -> {});
      }
      Provenance provenance = provenance(ClipModel.KIND, ModelFile.architecture(recipe.clip()));
      ModelFile.write(out, new ClipModel(clip, tokenizer, Optional.of(provenance)), TensorType.F16);
    }
  }

  private void trainSam(Path out, NDManager manager, StepListener listener) {
    Preset preset = Preset.of(recipe.sam().preset());
    SamModel.Sizes sizes = new SamModel.Sizes(preset.encoder(), preset.samHead());
    Sam sam = new Sam(sizes.encoder(), sizes.samHead());
    start(sam, manager);
    long steps = length.steps(stage);
    ReplayStream stream = stream(false);
    SamModel model = new SamModel(sam, sizes, Optional.empty());
    Viewer viewer = Viewer.of(Recipe.STUDENT, model.input(), side -> side);
    FeedBatches batches = FeedBatches.withTargets(stage.epochFeed(), stream, viewer, recipe.seed());
    MaskLoss loss = new MaskLoss(stage.epochFeed().objectives().values().iterator().next());
    try (TrainingFeed feed = new SupervisedFeed(sam, loss, manager, feed(stream, batches, steps))) {
      train(feed, sam.arrays(), manager, steps, listener, step -> {});
    }
    Provenance provenance = provenance(SamModel.KIND, ModelFile.architecture(sizes));
    ModelFile.write(out, new SamModel(sam, sizes, Optional.of(provenance)), TensorType.F16);
  }

  private ReplayStream stream(boolean textRequired) {
    String name = stage.epochFeed().data();
    return data.stream(name, recipe.seed(), textRequired, Side.TRAIN, 1, Position.START);
  }

  private Feed feed(ReplayStream stream, FeedBatches batches, long steps) {
    String name = stage.feeds().keySet().iterator().next();
    return new Feed(name, stream, batches, new Span(0, steps));
  }

  private void trainVit(Path out, NDManager manager, StepListener listener) {
    VitModel.Sizes sizes = recipe.vit().sizes();
    SelfDistillationSpec how = recipe.selfDistillation();
    SelfDistillation.Branch student = branch(sizes, manager);
    SelfDistillation.Branch teacher = branch(sizes, manager);
    long steps = length.steps(stage);
    ReplayStream stream = stream(false);
    String name = stage.feeds().keySet().iterator().next();
    Feed feed = new Feed(name, stream, views(stream, input(sizes)), new Span(0, steps));
    try (SelfDistillation learning =
        new SelfDistillation(student, teacher, how, manager, feed, recipe.seed())) {
      train(learning, student.arrays(), manager, steps, listener, learning::follow);
    }
    Provenance provenance = provenance(VitModel.KIND, ModelFile.architecture(sizes));
    VitModel model = new VitModel(teacher.encoder(), sizes, Optional.of(provenance));
    ModelFile.write(out, model, TensorType.F16);
  }

  /** What a ViT of these sizes takes. */
  private static ImageInput input(VitModel.Sizes sizes) {
    return new VitModel(null, sizes, Optional.empty()).input();
  }

  private ViewBatches views(ReplayStream stream, ImageInput input) {
    FeedSpec source = stage.epochFeed();
    SelfDistillationSpec how = recipe.selfDistillation();
    return new ViewBatches(
        stream,
        source.batchSize(),
        new Crops(ViewBatches.GLOBAL, source.resolutions().get(0), crop(how.globalCrop())),
        new Crops(how.localCrops(), how.localSide(), crop(how.localCrop())),
        how.plainBackground(),
        source.augment() == null ? AugmentOptions.NONE : source.augment().options(),
        new Normalisation(input.divisor(), input.mean(), input.std()),
        recipe.seed());
  }

  private static RandomResizedCrop crop(List<Double> share) {
    return new RandomResizedCrop(share.get(0), share.get(1), 3. / 4, 4. / 3);
  }

  /** Student and teacher start from the same values. */
  private SelfDistillation.Branch branch(VitModel.Sizes sizes, NDManager manager) {
    SelfDistillationSpec how = recipe.selfDistillation();
    VitEncoder encoder = new VitEncoder(sizes.encoder());
    start(encoder, manager);
    if (recipe.weights() == null) {
      widen(encoder);
    }
    int width = sizes.encoder().width();
    PrototypeHead head = new PrototypeHead(width, how.hidden(), how.bottleneck(), how.prototypes());
    head.initialize(manager, recipe.seed());
    return new SelfDistillation.Branch(encoder, head);
  }

  /**
   * Weights start with a deviation of .02, which suits widths of 768 and more: narrow layers shrink
   * what they are given, and the class token sees little but the mean of all patches. Here each
   * layer keeps the size: a deviation of one over the root of what a value is summed from.
   */
  private static void widen(Module encoder) {
    encoder
        .arrays()
        .forEach(
            (name, array) -> {
              Shape shape = array.getShape();
              if (name.endsWith("weight") && shape.dimension() == 2) {
                double inputs = (double) shape.size() / shape.get(0);
                array.muli((float) (Math.pow(inputs, -.5) / .02));
              }
            });
  }

  private void start(Module module, NDManager manager) {
    module.initialize(manager, recipe.seed());
    if (recipe.weights() != null) {
      Path path = Path.of(recipe.weights());
      try (ModelWeights weights = ModelWeights.open(path, WeightsOptions.NONE)) {
        new ParameterLoader().load(module.getParameters(), weights.tensors());
      }
    }
  }

  private void train(
      TrainingFeed feed,
      Map<String, NDArray> arrays,
      NDManager manager,
      long steps,
      StepListener listener,
      LongConsumer behind) {
    ParameterTable table = ParameterTable.of(stage, Optimizers.shapes(arrays));
    AdamW optimizer = Optimizers.of(stage.optimizer(), table, arrays, manager);
    Trainer trainer =
        new Trainer(List.of(feed), optimizer, length.schedule(stage), stage.optimizer().clipNorm());
    listener.onStage(stage.name(), 0, steps);
    for (long step = 0; step < steps; step++) {
      Trainer.Step result = trainer.step(step);
      behind.accept(step);
      SoFar soFar = new SoFar(trainer.waitedSeconds(), CacheUse.NONE, Map.of());
      listener.onStep(stage.name(), step, steps, result, soFar);
    }
    optimizer.close();
  }

  private Provenance provenance(String kind, String architecture) {
    return new Provenance(
        Version.current(), kind, architecture, recipe.hash(), Map.of(), data.hash(), licences);
  }
}
