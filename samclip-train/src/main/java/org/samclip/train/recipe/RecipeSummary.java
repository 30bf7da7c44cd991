package org.samclip.train.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A recipe as a text to read before it is run: what needs neither weights nor data to be known. */
public final class RecipeSummary {

  private RecipeSummary() {}

  /** Several lines, each ended. */
  public static String text(Recipe recipe) {
    StringBuilder text = new StringBuilder();
    line(text, "recipe %s, hash %s", recipe.name(), recipe.hash());
    line(
        text,
        "device %s, %s, seed %d",
        recipe.device(),
        recipe.isBf16() ? "bf16" : "float32",
        recipe.seed());
    if (recipe.maxSteps() != null) {
      line(text, "every stage ends after %d steps at most", recipe.maxSteps());
    }
    ModelSpec.ClipHeadSpec head = recipe.model().clipHead();
    line(
        text,
        "model %s, CLIP head of %d layers (first weights: %s), %s pooling",
        recipe.model().preset().label(),
        head.layers(),
        lower(head.init()),
        lower(head.pool()));
    line(
        text,
        "teachers SAM %s, CLIP %s",
        recipe.teachers().sam().weights(),
        recipe.teachers().clip().weights());
    data(text, recipe.data());
    stages(text, "", recipe.stages(), recipe.data());
    for (BaselineSpec baseline : recipe.baselines()) {
      stages(text, "baseline " + baseline.name() + ", ", baseline.stages(), recipe.data());
    }
    return text.toString();
  }

  private static void data(StringBuilder text, DataSpec data) {
    if (data.scenes() != null) {
      DataSpec.ScenesSpec s = data.scenes();
      line(
          text,
          "data embedded scenes in %s: %d for CLIP, %d for SAM, %d px; validation and test: %d crops,"
              + " %d scenes each",
          s.dir(),
          s.clip(),
          s.sam(),
          s.size(),
          s.crops(),
          s.scenes());
    }
    source(text, "clip", data.clip());
    source(text, "sam", data.sam());
  }

  private static void source(StringBuilder text, String name, DataSpec.SourceSpec s) {
    if (s != null) {
      line(
          text,
          "data %s: %s, %s %% used, %s %% of it held out",
          name,
          s.mix() == null ? s.source() + " " + s.shards() : s.mix().size() + " sources mixed",
          number(s.subset() * 100),
          number(s.holdOut() * 100));
      for (DataSpec.MixSpec part : s.mix() == null ? List.<DataSpec.MixSpec>of() : s.mix()) {
        line(
            text,
            "  %s: %s %s, %s %% used, weight %s",
            part.name(),
            part.source(),
            part.shards(),
            number(part.subset() * 100),
            part.weight() == null ? "by size" : number(part.weight()));
      }
    }
  }

  private static void stages(
      StringBuilder text, String prefix, List<StageSpec> stages, DataSpec data) {
    for (int i = 0; i < stages.size(); i++) {
      StageSpec stage = stages.get(i);
      text.append('\n');
      line(
          text,
          "%sstage %d %s: %s from %s%s",
          prefix,
          i + 1,
          stage.name(),
          stage.duration() + steps(stage, data),
          stage.start(),
          stage.scheduleDuration() == null
              ? ""
              : ", in a schedule planned for " + stage.scheduleDuration());
      sources(text, stage);
      OptimizerSpec o = stage.optimizer();
      line(
          text,
          "  AdamW lr %s, betas %s, eps %s, decay %s, warm-up %s, clipping at %s",
          number(o.lr()),
          o.betas(),
          number(o.eps()),
          number(o.weightDecay()),
          o.warmup(),
          number(o.clipNorm()));
      for (GroupSpec g : stage.groups()) {
        String rate = g.frozen() ? "frozen" : "lr " + number(o.lr() * g.rateFactor());
        line(text, "  %-24s %s", g.pattern(), rate);
      }
    }
  }

  private static void sources(StringBuilder text, StageSpec stage) {
    if (stage.checkpointActivations()) {
      line(text, "  the backbone's activations are computed again in the backward pass");
    }
    if (stage.cacheFeatures()) {
      line(text, "  what frozen networks say is kept on disk");
    }
    SourcesSpec.ClipSourceSpec clip = stage.sources().clip();
    if (clip != null) {
      List<String> batches = new ArrayList<>();
      for (int side : clip.resolutions()) {
        batches.add(clip.batches().batchFor(side) + " at " + side + " px");
      }
      line(
          text,
          "  L_CLIP x %s on images: %s",
          number(stage.losses().clip().weight()),
          String.join(" or ", batches));
    }
    SourcesSpec.SamSourceSpec sam = stage.sources().sam();
    if (sam != null) {
      LossesSpec.SamLossSpec loss = stage.losses().sam();
      line(
          text,
          "  L_SAM x %s (%s focal + %s dice + %s IoU; %s targets, %s of three masks) on images: %d at"
              + " %d px, %d masks each",
          number(stage.lambda()),
          number(loss.focalWeight()),
          number(loss.diceWeight()),
          number(loss.iouWeight()),
          lower(loss.target()),
          lower(loss.multimask()),
          sam.batchSize(),
          sam.resolution(),
          sam.masksPerImage());
    }
  }

  /** The steps of epochs, where the number of images is known beforehand. */
  private static String steps(StageSpec stage, DataSpec data) {
    if (stage.duration().unit() != Duration.Unit.EPOCHS || data.scenes() == null) {
      return "";
    }
    double perEpoch = stage.stepsPerEpoch(data.scenes().clip(), data.scenes().sam());
    return " (about " + stage.duration().steps(perEpoch) + " steps)";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value)
        .replaceFirst("(\\.[0-9]*?)0+($|e)", "$1$2")
        .replaceFirst("\\.($|e)", "$1");
  }

  private static String lower(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static void line(StringBuilder text, String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values)).append('\n');
  }
}
