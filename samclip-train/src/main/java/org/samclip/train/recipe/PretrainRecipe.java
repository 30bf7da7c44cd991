package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import org.samclip.clip.ClipConfig;
import org.samclip.model.Preset;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Target;

/**
 * How to train a small teacher from scratch: a model and one stage.
 *
 * @param name names the run and its file
 * @param seed of every random stream of the run
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param clip sizes of a CLIP; either this or {@code sam}
 * @param sam sizes of a SAM
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
    @Optional String weights,
    DataSpec data,
    List<StageSpec> stages) {

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
    Check.that(
        (clip == null) != (sam == null),
        "clip",
        clip == null ? "missing" : "given beside sam",
        "either clip or sam");
    stages = Check.notEmpty("stages", stages);
    Check.that(stages.size() == 1, "stages", stages.size() + " entries", "one stage");
    SourcesSpec sources = stages.get(0).sources();
    Check.that(
        (clip == null) == (sources.clip() == null) && (sam == null) == (sources.sam() == null),
        "stages.1.sources",
        "of another kind than the model",
        "clip for a CLIP, sam for a SAM");
    String nothing = "false, as pretraining has neither a frozen network nor a backbone of its own";
    Check.that(!stages.get(0).cacheFeatures(), "stages.1.cache_features", true, nothing);
    Check.that(
        !stages.get(0).checkpointActivations(), "stages.1.checkpoint_activations", true, nothing);
    Check.that(
        sam == null || stages.get(0).losses().sam().target() == Target.HARD,
        "stages.1.losses.sam.target",
        "soft",
        "hard, as pretraining learns from true masks");
    data.checkFeeds("data", stages.get(0));
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
