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
    BackboneSpec backbone = recipe.student().backbone();
    line(
        text,
        "student on the backbone %s",
        backbone.from() != null
            ? "of "
                + backbone.from()
                + (backbone.preset() == null ? "" : ", " + backbone.preset().label())
            : backbone.preset() != null ? backbone.preset().label() + ", random" : "vit, random");
    recipe
        .student()
        .heads()
        .forEach(
            (name, head) ->
                line(
                    text,
                    "head %s: %s%s%s%s",
                    name,
                    head.kind(),
                    head.sizes().isEmpty() ? "" : " " + head.section(),
                    head.from() == null ? "" : ", weights of " + head.from(),
                    head.to() == null ? "" : ", towards " + head.to()));
    recipe
        .teachers()
        .forEach((name, teacher) -> line(text, "teacher %s: %s", name, teacher.weights()));
    data(text, recipe.data());
    stages(text, "", recipe.stages(), recipe.data());
    for (BaselineSpec baseline : recipe.baselines()) {
      String label = "baseline " + baseline.name();
      if (baseline.blend() != null) {
        text.append('\n');
        line(text, "%s: %s", label, baseline.blend().text());
      }
      stages(text, label + ", ", baseline.stages(), recipe.data());
    }
    return text.toString();
  }

  private static void data(StringBuilder text, DataSpec data) {
    if (data.scenes() != null) {
      DataSpec.ScenesSpec s = data.scenes();
      line(
          text,
          "data embedded scenes in %s: %d images, %d with masks, %d px; validation and test: %d"
              + " crops, %d scenes each",
          s.dir(),
          s.images(),
          s.masks(),
          s.size(),
          s.crops(),
          s.scenes());
    }
    data.sources().forEach((name, source) -> source(text, name, source));
  }

  private static void source(StringBuilder text, String name, DataSpec.SourceSpec s) {
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
      feeds(text, stage);
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

  private static void feeds(StringBuilder text, StageSpec stage) {
    if (stage.checkpointActivations()) {
      line(text, "  the backbone's activations are computed again in the backward pass");
    }
    if (stage.cacheFeatures()) {
      line(text, "  what frozen networks say is kept on disk");
    }
    stage.feeds().forEach((name, feed) -> feed(text, name, feed));
  }

  private static void feed(StringBuilder text, String name, FeedSpec feed) {
    List<String> batches = new ArrayList<>();
    for (int side : feed.resolutions()) {
      batches.add(feed.batches().batchFor(side) + " at " + side + " px");
    }
    line(
        text,
        "  feed %s of %s: %s, %s%s",
        name,
        feed.data(),
        String.join(feed.draw() == FeedSpec.Draw.ALL ? " and " : " or ", batches),
        feed.padded() ? "padded" : "cropped",
        feed.prompts() == null ? "" : ", " + feed.prompts().perImage() + " prompts each");
    feed.objectives()
        .forEach(
            (objective, spec) ->
                line(
                    text,
                    "    %s x %s: %s against %s, %s",
                    objective,
                    number(spec.weight()),
                    spec.head(),
                    spec.teacher(),
                    terms(spec)));
  }

  private static String terms(ObjectiveSpec spec) {
    List<String> terms = new ArrayList<>();
    spec.loss().forEach((name, term) -> terms.add(number(term.weight()) + " " + name));
    String scale =
        spec.standardise() == null ? "" : ", standardised: " + lower(spec.standardise().form());
    return String.join(" + ", terms) + scale;
  }

  /** The steps of epochs, where the number of images is known beforehand. */
  private static String steps(StageSpec stage, DataSpec data) {
    if (stage.duration().unit() != Duration.Unit.EPOCHS || data.scenes() == null) {
      return "";
    }
    String of = stage.epochFeed().data();
    if (data.sources().containsKey(of)) {
      return "";
    }
    DataSpec.ScenesSpec scenes = data.scenes();
    double perEpoch =
        stage.stepsPerEpoch(of.equals(DataSpec.MASKS) ? scenes.masks() : scenes.images());
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
