package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.samclip.clip.ClipConfig;
import org.samclip.model.Preset;

/**
 * How to train a small teacher from scratch: a model and one stage.
 *
 * @param name names the run and its file
 * @param seed of every random stream of the run
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param clip sizes of a CLIP; either this, {@code sam} or {@code vit}
 * @param sam sizes of a SAM
 * @param vit sizes of a plain ViT
 * @param selfDistillation how the ViT learns; given if, and only if, {@code vit} is
 * @param weights model file of the same kind and sizes to go on from; absent: random weights
 * @param data the images
 * @param stages one stage, on clip images with captions or on sam images with masks
 */
public record PretrainRecipe(
    String name,
    long seed,
    String device,
    @Optional ClipConfig clip,
    @Optional SamSpec sam,
    @Optional VitSpec vit,
    @Optional SelfDistillationSpec selfDistillation,
    @Optional String weights,
    DataSpec data,
    List<StageSpec> stages) {

  private static final String CONTRASTIVE = "contrastive";
  private static final String SELF = "self_distillation";
  private static final List<String> MASK_TERMS = List.of("focal", "dice", "iou");

  /**
   * @param preset of which the encoder and SAM's head are taken
   */
  public record SamSpec(String preset) {

    /** Checks that the preset exists. */
    public SamSpec {
      Preset.of(preset);
    }
  }

  /** Checks that model and source belong together. */
  public PretrainRecipe {
    Check.name("name", name);
    long models = Stream.of(clip, sam, vit).filter(Objects::nonNull).count();
    Check.that(models == 1, "", "of " + models + " models", "one of clip, sam and vit");
    Check.that(
        (vit == null) == (selfDistillation == null),
        "self_distillation",
        vit == null ? "given without vit" : "missing",
        "given if, and only if, there is a vit");
    stages = Check.notEmpty("stages", stages);
    Check.that(stages.size() == 1, "stages", stages.size() + " entries", "one stage");
    StageSpec stage = stages.get(0);
    Check.that(stage.feeds().size() == 1, "stages.1.feeds", stage.feeds().size() + " feeds", "one");
    FeedSpec feed = stage.epochFeed();
    String key = "stages.1.feeds." + stage.feeds().keySet().iterator().next();
    Check.that(
        (sam == null) == (feed.prompts() == null),
        key + ".prompts",
        feed.prompts() == null ? "missing" : "given",
        "a section for a SAM, and only for it");
    Check.that(
        sam == null || feed.prompts().rounds() == 1,
        key + ".prompts.rounds",
        feed.prompts() == null ? 1 : feed.prompts().rounds(),
        "1, as a SAM in pretraining gets its own mask as the second prompt");
    String nothing = "false, as pretraining has neither a frozen network nor a backbone of its own";
    Check.that(!stage.cacheFeatures(), "stages.1.cache_features", true, nothing);
    Check.that(!stage.checkpointActivations(), "stages.1.checkpoint_activations", true, nothing);
    Check.that(
        feed.objectives().size() == 1,
        key + ".objectives",
        feed.objectives().size() + " objectives",
        "one");
    feed.objectives()
        .forEach(
            (of, objective) ->
                check(
                    key + ".objectives." + of,
                    objective,
                    sam != null ? null : clip != null ? CONTRASTIVE : SELF));
    if (vit != null) {
      checkCrops(key, vit, selfDistillation, feed);
    }
    data.check(key, feed);
  }

  /**
   * Nothing may stand there that pretraining does not heed.
   *
   * @param only name of the only term; null: those of masks
   */
  private static void check(String key, ObjectiveSpec objective, String only) {
    Check.that(
        only != null || objective.target() == ObjectiveSpec.Target.HARD,
        key + ".target",
        objective.target() == null ? "missing" : "soft",
        "hard, as pretraining learns from true masks");
    Set<String> terms = objective.loss().keySet();
    Check.that(
        only == null ? MASK_TERMS.containsAll(terms) : terms.equals(Set.of(only)),
        key + ".loss",
        "a section of " + String.join(", ", terms),
        only == null ? String.join(", ", MASK_TERMS) : "{" + only + ": 1}");
    boolean plain =
        objective.head() == null
            && objective.teacher() == null
            && objective.weight() == 1
            && objective.balance() == null
            && objective.standardise() == null
            && (only == null || objective.weightOf(only) == 1);
    Check.that(
        plain,
        key,
        "a section with head, teacher, weight, balance or standardise",
        "none of them, as the model learns one loss from the data alone");
  }

  private static void checkCrops(String key, VitSpec vit, SelfDistillationSpec how, FeedSpec feed) {
    String patches = "a multiple of vit.patch (" + vit.patch() + ")";
    Check.that(
        how.localSide() % vit.patch() == 0,
        "self_distillation.local_side",
        how.localSide(),
        patches);
    Check.that(
        feed.resolutions().size() == 1,
        key + ".resolutions",
        feed.resolutions(),
        "one, the side of the large crops");
    int side = feed.resolutions().get(0);
    Check.that(side % vit.patch() == 0, key + ".resolutions", side, patches);
    Check.that(
        how.patchWeight() == 0 || side >= 2 * vit.patch(),
        "self_distillation.patch_weight",
        how.patchWeight(),
        "0 for images of one patch");
    Check.that(
        feed.batchSize() >= 2,
        key + ".batch_size",
        feed.batchSize(),
        "at least 2, as images are told apart");
    Check.that(
        feed.microBatch() == null,
        key + ".micro_batch",
        feed.microBatch(),
        "nothing: a batch is balanced as a whole");
  }

  /** The only stage. */
  @JsonIgnore
  public StageSpec stage() {
    return stages.get(0);
  }

  /** SHA-256 of the resolved recipe in canonical JSON. */
  @JsonIgnore
  public String hash() {
    return RecipeWriter.hash(this);
  }
}
