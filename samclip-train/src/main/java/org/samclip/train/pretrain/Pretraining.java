package org.samclip.train.pretrain;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.ModelWeights;
import org.samclip.model.Preset;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.train.Version;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.objective.ClipContrastive;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.SamSupervised;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.PretrainRecipe;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StepListener;
import org.samclip.train.stage.StepListener.SoFar;
import org.samclip.train.stage.Trainer;

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
      } else {
        trainSam(out, manager, listener);
      }
    }
  }

  private void trainClip(Path out, NDManager manager, StepListener listener) {
    ClipSourceSpec source = stage.sources().clip();
    Clip clip = new Clip(recipe.clip());
    start(clip, manager);
    int context = recipe.clip().text().contextLength();
    try (Tokenizer tokenizer = new Tokenizer(SceneVocabulary.tokenizerJson(), context)) {
      long steps = length.steps(stage);
      ReplayStream stream = data.clip(recipe.seed(), true, Side.TRAIN, Position.START);
      int side = recipe.clip().vision().imageSide();
      ClipBatches batches = ClipBatches.of(source, stream, side, recipe.seed());
      try (Objective objective =
          new ClipContrastive(
              clip, tokenizer, manager, new Feed<>(stream, batches, new Span(0, steps)))) {
        train(objective, clip.arrays(), manager, steps, listener);
      }
      Provenance provenance = provenance(ClipModel.KIND, ModelFile.architecture(recipe.clip()));
      ModelFile.write(out, new ClipModel(clip, tokenizer, Optional.of(provenance)), TensorType.F16);
    }
  }

  private void trainSam(Path out, NDManager manager, StepListener listener) {
    SamSourceSpec source = stage.sources().sam();
    Preset preset = Preset.of(recipe.sam().preset());
    SamModel.Sizes sizes = new SamModel.Sizes(preset.encoder(), preset.samHead());
    Sam sam = new Sam(sizes.encoder(), sizes.samHead());
    start(sam, manager);
    long steps = length.steps(stage);
    ReplayStream stream = data.sam(recipe.seed(), Side.TRAIN, 1, Position.START);
    SamBatches batches = SamBatches.of(source, stream, true, recipe.seed());
    MaskLoss loss = new MaskLoss(stage.losses().sam());
    try (Objective objective =
        new SamSupervised(sam, loss, manager, new Feed<>(stream, batches, new Span(0, steps)))) {
      train(objective, sam.arrays(), manager, steps, listener);
    }
    Provenance provenance = provenance(SamModel.KIND, ModelFile.architecture(sizes));
    ModelFile.write(out, new SamModel(sam, sizes, Optional.of(provenance)), TensorType.F16);
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
      Objective objective,
      Map<String, NDArray> arrays,
      NDManager manager,
      long steps,
      StepListener listener) {
    ParameterTable table = ParameterTable.of(stage, Optimizers.shapes(arrays));
    AdamW optimizer = Optimizers.of(stage.optimizer(), table, arrays, manager);
    Trainer trainer =
        new Trainer(
            List.of(objective), optimizer, length.schedule(stage), stage.optimizer().clipNorm());
    listener.onStage(stage.name(), 0, steps);
    for (long step = 0; step < steps; step++) {
      Trainer.Step result = trainer.step(step);
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
