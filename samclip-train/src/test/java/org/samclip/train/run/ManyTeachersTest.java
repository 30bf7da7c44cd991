package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.VisionModel;
import org.samclip.model.VitModel;
import org.samclip.student.MergedModel;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyMerge.Heard;
import org.samclip.train.TinyModels;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;

/**
 * Whole runs of a plain ViT that learns from a SAM, a CLIP and a ViT at once, with everything on
 * that has a state: balanced losses, scaled targets, averaged weights, the best model kept.
 */
class ManyTeachersTest {

  private static final String RANDOM =
      "{vit: {patch: 8, side: 64, width: 16, depth: 2, heads: 2, registers: 2}}";

  private static final String RECIPE =
      """
      name: many
      seed: 5
      student:
        backbone: %2$s
        heads:
          masks: {kind: mask-decoder, from: sam}
          words: {kind: mlp, to: clip.summary, hidden: 16, inner: 1, pre_norm: true}
          rungs: {kind: ladder, output: spatial, to: vit.spatial, blocks: [0, 1], hidden: 8, last_hidden: 8}
      teachers:
        sam: {weights: %1$s/sam.safetensors}
        clip: {weights: %1$s/clip.safetensors}
        vit: {weights: %1$s/vit.safetensors}
      data:
        scenes: {seed: 3, size: 64, images: 30, masks: 16, hold_out: 0.2, crops: 8, scenes: 3, dir: %1$s/scenes}
      stages:
        - name: all
          start: base
          duration: 5 steps
          feeds:
            masks:
              data: masks
              batch_size: 3
              micro_batch: 2
              resolutions: [64]
              prompts: {per_image: 2, rounds: 2}
              sides: {clip: own, vit: same}
              drop_teachers: 0.5
              objectives:
                sam: {head: masks, teacher: sam.masks, weight: 10, balance: 0.9, loss: {focal: 1, dice: 1, iou: 1}}
                clip: {head: words, teacher: clip.summary, balance: 0.9, loss: {mse: 1, cosine: 1}, standardise: {form: channel, batches: 3}}
                vit: {head: rungs, teacher: vit.spatial, loss: {smooth_l1: {weight: 1, beta: 2}}, standardise: {form: phi_s, batches: 1}}
          optimizer: {lr: 1.0e-3}
          ema: 0.9
          validation: {every: 2 steps, images: 3, keep: best, metric: clip_loss}
          groups:
            - {pattern: "prompt_encoder.*", frozen: true}
            - {pattern: "*"}
        - name: more
          duration: 2 steps
          feeds:
            images:
              data: images
              batch_size: 4
              resolutions: [64, 32]
              draw: all
              objectives:
                again: {head: words, teacher: clip.summary, loss: {cosine: 1, relational: 1}}
          optimizer: {lr: 1.0e-3}
          groups:
            - {pattern: "words.*"}
            - {pattern: "*", frozen: true}
      evaluation:
        panels: 0
        protocols:
          instance: {teacher: sam, resolutions: [64]}
      checkpoint: {every: 2 steps, keep: 2}
      """;

  @TempDir static Path shared;
  private static Path whole;
  private static Recipe recipe;

  @TempDir Path folder;

  @BeforeAll
  static void runOnce() {
    TinyMerge.in(shared);
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      VitModel vit = TinyModels.vit(manager, 9, 8);
      Provenance origin =
          new Provenance(
              "test",
              VitModel.KIND,
              ModelFile.architecture(vit.sizes()),
              "",
              Map.of(),
              "",
              Map.of("vit", "terms of vit"));
      ModelFile.write(
          shared.resolve("vit.safetensors"),
          new VitModel(vit.encoder(), vit.sizes(), Optional.of(origin)),
          TensorType.F32);
    }
    recipe = recipe(RANDOM);
    whole = shared.resolve("whole");
    TinyMerge.run(recipe, whole);
  }

  private static String path() {
    return shared.toString().replace('\\', '/');
  }

  private static Recipe recipe(String backbone, String... overrides) {
    return RecipeReader.parse("many", RECIPE.formatted(path(), backbone), List.of(overrides));
  }

  @Test
  void theModelAnswersByTheNamesOfItsHeads() {
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"));
        Autograd off = Autograd.disabled()) {
      VisionModel model =
          ModelFile.read(VisionModel.class, whole.resolve("models/stage2.safetensors"), manager);
      NDArray images = manager.randomNormal(new Shape(2, 3, 64, 64));
      Map<String, NDArray> outputs =
          model.forward(images, Set.of("words", "rungs", "masks", MergedModel.NECK));
      assertEquals(new Shape(2, 16), outputs.get("words").getShape());
      assertEquals(new Shape(2, 12, 8, 8), outputs.get("rungs").getShape());
      assertEquals(new Shape(2, 64, 8, 8), outputs.get("masks").getShape());
      assertArrayEquals(
          outputs.get("masks").toFloatArray(), outputs.get(MergedModel.NECK).toFloatArray());
      outputs.forEach(
          (name, output) -> assertTrue(output.isInfinite().any().getBoolean() == false, name));
      outputs.forEach(
          (name, output) -> assertTrue(output.isNaN().any().getBoolean() == false, name));
    }
  }

  /** At checkpoints and between them, in the first step, before a look and at the end. */
  @Test
  void interruptedAgainAndAgainGivesTheSame() throws IOException {
    Path root = folder.resolve("run");
    int done = 0;
    for (int stop : List.of(1, 3, 4, 5, 6)) {
      Heard heard = new Heard();
      heard.stopAfter = stop - done;
      assertTrue(TinyMerge.run(recipe, root, done > 0, heard).isEmpty(), "stop after " + stop);
      assertEquals(stop - done, heard.losses.size(), "went on after " + stop);
      done = stop;
    }
    assertTrue(TinyMerge.run(recipe, root, true, new Heard()).isPresent());
    assertEquals(TinyMerge.lasting(whole), TinyMerge.lasting(root));
  }

  /** Between them the checkpoint holds scales, averages, moments and running means. */
  @Test
  void aCheckpointHoldsAllThatAStageGathers() throws IOException {
    Path root = folder.resolve("run");
    Heard heard = new Heard();
    heard.stopAfter = 3;
    assertTrue(TinyMerge.run(recipe, root, false, heard).isEmpty());
    String latest = Files.readString(root.resolve("checkpoints/latest")).strip();
    Path state = root.resolve("checkpoints/" + latest + ".state.safetensors");
    try (TensorSource source = SafetensorsFile.open(state)) {
      Set<String> names = Set.copyOf(source.names());
      for (String name :
          List.of(
              "scale.clip.mean",
              "scale.vit.matrix",
              "scale.vit.inverse",
              "ema.words.fc1.weight",
              "exp_avg.rungs.blocks.0.0.weight")) {
        assertTrue(names.contains(name), () -> name + " in " + names);
      }
      String progress = source.metadata().toString();
      assertTrue(progress.contains("\\\"clip\\\"") || progress.contains("\"clip\""), progress);
    }
  }

  private static Map<String, float[]> values(Path file, NDManager manager) {
    return TinyModels.values(
        ModelFile.read(VisionModel.class, file, manager).modules().get("").arrays());
  }

  /** The first step changes nothing at such a rate: the student is the teacher. */
  @Test
  void aPlainTeachersWeightsAreTheStart() {
    Recipe own =
        recipe(
            "{from: vit}",
            "evaluation.protocols={}",
            "max_steps=1",
            "stages.all.optimizer.lr=1.0e-30",
            "stages.all.optimizer.weight_decay=0",
            "stages.all.ema=null",
            "stages.all.feeds.masks.objectives.vit.standardise=null",
            "stages.all.feeds.masks.objectives.clip.standardise=null");
    Path root = folder.resolve("run");
    TinyMerge.run(own, root);
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      Map<String, float[]> student = values(root.resolve("models/stage1.safetensors"), manager);
      Map<String, float[]> vit = values(shared.resolve("vit.safetensors"), manager);
      assertFalse(vit.isEmpty());
      vit.forEach(
          (name, values) ->
              assertArrayEquals(values, student.get("image_encoder." + name), 1e-6f, name));
      Map<String, float[]> sam = values(shared.resolve("sam.safetensors"), manager);
      String token = "mask_decoder.mask_tokens.weight";
      assertArrayEquals(sam.get(token), student.get(token), 1e-6f);
    }
  }

  private static final String SECOND =
      """
      name: second
      student:
        backbone: {from: merged}
        heads:
          masks: {kind: mask-decoder, from: merged}
          rungs: {kind: ladder, from: merged}
          fresh: {kind: linear, to: merged.words}
      teachers:
        merged: {weights: "%2$s"}
        vit: {weights: %1$s/vit.safetensors}
      data:
        scenes: {seed: 3, size: 64, images: 30, masks: 16, hold_out: 0.2, crops: 8, scenes: 3, dir: %1$s/scenes}
      stages:
        - name: again
          duration: 2 steps
          feeds:
            masks:
              data: masks
              batch_size: 2
              resolutions: [64]
              prompts: {per_image: 2}
              objectives:
                sam: {head: masks, teacher: merged.masks, loss: {focal: 1, dice: 1, iou: 1}}
                words: {head: fresh, teacher: merged.words, loss: {mse: 1}}
                rungs: {head: rungs, teacher: merged.rungs, loss: {mse: 1}}
                vit: {head: rungs, teacher: vit.spatial, loss: {gram: 1}, weight: 0}
          optimizer: {lr: 1.0e-30, weight_decay: 0}
          groups: [{pattern: "*"}]
      evaluation:
        panels: 0
        protocols:
          instance: {teacher: merged, resolutions: [64]}
      """;

  @Test
  void aMergedModelIsStartAndTeacherOfASecondMerge() {
    Path merged = whole.resolve("models/stage2.safetensors");
    String yaml = SECOND.formatted(path(), merged.toString().replace('\\', '/'));
    Path root = folder.resolve("second");
    Heard heard = new Heard();
    TinyMerge.run(RecipeReader.parse("second", yaml, List.of()), root, false, heard);
    for (Map<String, Double> losses : heard.losses) {
      // The start says what the teacher says; only the fresh head has something to learn.
      assertEquals(0, losses.get("sam"), 1e-9);
      assertEquals(0, losses.get("rungs"), 1e-9);
      assertTrue(losses.get("words") > 1e-6, losses::toString);
      assertNotEquals(0, losses.get("vit"));
    }
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      Map<String, float[]> first = values(merged, manager);
      Map<String, float[]> second = values(root.resolve("models/stage1.safetensors"), manager);
      assertTrue(second.containsKey("masks.neck.0.weight"), second.keySet()::toString);
      second.forEach(
          (name, values) -> {
            if (!name.startsWith("fresh.")) {
              assertArrayEquals(first.get(name), values, name);
            }
          });
    }
  }
}
