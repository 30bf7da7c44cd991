package org.samclip.train;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.samclip.checkpoint.ContentHash;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.Tokenizer;
import org.samclip.data.cache.CacheUse;
import org.samclip.data.scenes.SceneVocabulary;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.Preset;
import org.samclip.model.SamModel;
import org.samclip.sam.Sam;
import org.samclip.train.rank.Ranks;
import org.samclip.train.rank.SingleRank;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.run.MergeRun;
import org.samclip.train.stage.Interruption;
import org.samclip.train.stage.Trainer;
import org.samclip.train.store.RunFolder;
import org.samclip.vitdet.ViTDetConfig;

/** A merge of everything in the least size: random teachers, a handful of scenes, a few steps. */
public final class TinyMerge {

  /** Steps of the phases in order: three stages and the baseline. */
  public static final List<Integer> STEPS = List.of(3, 4, 2, 2);

  private static final String RECIPE =
      """
      name: tiny-run
      seed: 5
      student:
        backbone: {from: sam, preset: tiny, grid: 8, width: 32, depth: 2, heads: 2, global_layers: [1]}
        heads:
          masks: {kind: mask-decoder, from: sam}
          clip_head: {kind: clip-head, to: clip.summary, init: last_layer, layers: 1}
        text: {from: clip, head: clip_head}
      teachers:
        sam: {weights: %1$s/sam.safetensors}
        clip: {weights: %1$s/clip.safetensors}
      data:
        scenes: {seed: 3, size: 64, images: 30, masks: 16, hold_out: 0.2, crops: 8, scenes: 3, dir: %1$s/scenes}
      stages:
        - name: head_probing
          start: base
          duration: 3 steps
          feeds:
            images:
              data: images
              batch_size: 8
              resolutions: [32, 64]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
          optimizer: {lr: 1.0e-3}
          groups:
            - {pattern: "clip_head.*"}
            - {pattern: "*", frozen: true}
        - name: multi_task
          duration: 4 steps
          feeds:
            images:
              data: images
              batch_size: 8
              micro_batch: 4
              resolutions: [32, 64]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
            masks:
              data: masks
              batch_size: 2
              resolutions: [64]
              prompts: {per_image: 2}
              objectives:
                sam: {head: masks, teacher: sam.masks, loss: {focal: 1, dice: 1, iou: 1}, weight: 10}
          optimizer: {lr: 1.0e-3}
          ema: 0.9
          validation: {every: 2 steps, images: 4, keep: best, metric: loss}
          groups:
            - {pattern: "clip_head.*"}
            - {pattern: "{image_encoder,mask_decoder}.*", lr_factor: 0.1}
            - {pattern: "prompt_encoder.*", frozen: true}
        - name: resolution_adaptation
          duration: 2 steps
          feeds:
            images:
              data: images
              batch_size: 4
              resolutions: [64]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
          optimizer: {lr: 1.0e-3}
          groups:
            - {pattern: "clip_head.*"}
            - {pattern: "*", frozen: true}
      baselines:
        - name: naive-kd
          stages:
            - name: distillation
              start: base
              duration: 2 steps
              feeds:
                images:
                  data: images
                  batch_size: 8
                  resolutions: [32]
                  objectives:
                    clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
              optimizer: {lr: 1.0e-3}
              groups:
                - {pattern: "{clip_head,image_encoder}.*"}
                - {pattern: "*", frozen: true}
      evaluation:
        panels: 1
        protocols:
          instance: {teacher: sam, resolutions: [64]}
          classify: {teacher: clip, resolutions: [32], templates: brief}
          semantic: {teacher: clip, resolutions: [32], templates: brief}
          compose: {resolutions: [64], templates: brief, points: 1}
      checkpoint: {every: 2 steps, keep: 2}
      """;

  private final Path folder;

  private TinyMerge(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the teachers; the scenes come with the first run.
   *
   * @param folder empty
   */
  public static TinyMerge in(Path folder) {
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      ViTDetConfig encoder = new ViTDetConfig(8, 8, 32, 2, 2, 4, 4, List.of(1), 64);
      SamModel.Sizes sizes = new SamModel.Sizes(encoder, Preset.TINY.samHead());
      Sam sam = new Sam(sizes.encoder(), sizes.samHead());
      sam.initialize(manager, 1);
      SamModel samModel =
          new SamModel(
              sam, sizes, Optional.of(provenance(SamModel.KIND, ModelFile.architecture(sizes))));
      ModelFile.write(folder.resolve("sam.safetensors"), samModel, TensorType.F32);

      ClipConfig config =
          new ClipConfig(
              16,
              false,
              new ClipConfig.Vision(32, 8, 32, 1, 2, 2),
              new ClipConfig.Text(40, 122, 32, 2, 1, 2));
      Clip clip = new Clip(config);
      clip.initialize(manager, 2);
      try (Tokenizer tokenizer = new Tokenizer(SceneVocabulary.tokenizerJson(), 40)) {
        ClipModel clipModel =
            new ClipModel(
                clip,
                tokenizer,
                Optional.of(provenance(ClipModel.KIND, ModelFile.architecture(config))));
        ModelFile.write(folder.resolve("clip.safetensors"), clipModel, TensorType.F32);
      }
    }
    return new TinyMerge(folder);
  }

  private static Provenance provenance(String kind, String architecture) {
    return new Provenance(
        "test", kind, architecture, "", Map.of(), "", Map.of(kind, "terms of " + kind));
  }

  /** The recipe as a file's content. */
  public String yaml() {
    return RECIPE.formatted(folder.toString().replace('\\', '/'));
  }

  /** The recipe with changes, {@code path=value}. */
  public Recipe recipe(String... overrides) {
    return RecipeReader.parse("tiny", yaml(), List.of(overrides));
  }

  /** A run from the beginning to the end. */
  public static ResultsTable run(Recipe recipe, Path root) {
    return run(recipe, root, false, new Heard()).orElseThrow();
  }

  public static Optional<ResultsTable> run(Recipe recipe, Path root, boolean resume, Heard heard) {
    return run(recipe, RunFolder.open(root, recipe, resume), heard, SingleRank.ONLY);
  }

  /** One rank's part of a run. */
  public static Optional<ResultsTable> run(Recipe recipe, RunFolder run, Heard heard, Ranks ranks) {
    return new MergeRun(recipe, run, heard, () -> heard.interruption = new Interruption(), ranks)
        .optLicences(Map.of("data", "terms of the data"))
        .run();
  }

  /** Every file of a run that must not depend on how it came about, by name, with its hash. */
  public static Map<String, String> lasting(Path root) throws IOException {
    Map<String, String> hashes = files(root);
    hashes.keySet().removeIf(name -> name.startsWith("checkpoints/"));
    return hashes;
  }

  /** Every file of a run but the one that tells what the machine did. */
  public static Map<String, String> files(Path root) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.endsWith("timings.jsonl")) {
          continue;
        }
        String name = root.relativize(file).toString().replace('\\', '/');
        hashes.put(name, ContentHash.sha256(file));
      }
    }
    return hashes;
  }

  /** Remembers what a run tells, and stops it after a step when asked to. */
  public static class Heard implements MergeRun.Listener {

    public final List<String> messages = new ArrayList<>();
    public final List<Map<String, Double>> losses = new ArrayList<>();
    public final List<CacheUse> cache = new ArrayList<>();
    public int stopAfter = -1;
    private Interruption interruption;

    @Override
    public void onMessage(String line) {
      messages.add(line);
    }

    @Override
    public void onStep(String stage, long step, long end, Trainer.Step result, SoFar soFar) {
      cache.add(soFar.cache());
      losses.add(result.losses());
      if (losses.size() == stopAfter) {
        interruption.request();
      }
    }

    @Override
    public void written(String scenes, int done, int total) {}
  }
}
