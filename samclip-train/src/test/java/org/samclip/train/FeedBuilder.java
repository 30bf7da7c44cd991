package org.samclip.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.train.recipe.AugmentSpec;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.OutputName;
import org.samclip.train.recipe.PromptsSpec;
import org.samclip.train.recipe.TermSpec;

/** Feeds with the values of {@code defaults.yaml}, but for what a test says. */
public final class FeedBuilder {

  private final int batch;
  private final List<Integer> resolutions;
  private final Map<String, ObjectiveSpec> objectives = new LinkedHashMap<>();
  private Map<String, String> sides = Map.of();
  private Integer microBatch;
  private FeedSpec.Draw draw = FeedSpec.Draw.ONE;
  private FeedSpec.Fit fit;
  private List<Double> crop = List.of(.9, 1.);
  private int views;
  private double subset = 1;
  private AugmentSpec augment;
  private PromptsSpec prompts;
  private int shift;

  /**
   * @param batch images at the first resolution
   * @param resolutions sides in pixels
   */
  public FeedBuilder(int batch, Integer... resolutions) {
    this.batch = batch;
    this.resolutions = List.of(resolutions);
  }

  public FeedBuilder microBatch(int images) {
    microBatch = images;
    return this;
  }

  public FeedBuilder all() {
    draw = FeedSpec.Draw.ALL;
    return this;
  }

  public FeedBuilder padded() {
    fit = FeedSpec.Fit.PAD;
    return this;
  }

  public FeedBuilder crop(double least, double greatest) {
    crop = List.of(least, greatest);
    return this;
  }

  public FeedBuilder views(int count) {
    views = count;
    return this;
  }

  public FeedBuilder subset(double share) {
    subset = share;
    return this;
  }

  public FeedBuilder augment(AugmentSpec spec) {
    augment = spec;
    return this;
  }

  public FeedBuilder prompts(PromptsSpec spec) {
    prompts = spec;
    return this;
  }

  public FeedBuilder sides(Map<String, String> byTeacher) {
    sides = byTeacher;
    return this;
  }

  public FeedBuilder shift(int patches) {
    shift = patches;
    return this;
  }

  /** An objective of the cosine, or of masks where the teacher's output are masks. */
  public FeedBuilder objective(String name, String head, String teacher) {
    boolean masks = teacher.endsWith(".masks");
    Map<String, TermSpec> loss =
        masks
            ? Map.of("focal", TermSpec.of(1), "dice", TermSpec.of(1))
            : Map.of("cosine", TermSpec.of(1));
    objectives.put(
        name,
        new ObjectiveSpec(
            OutputName.of(head),
            OutputName.of(teacher),
            1,
            loss,
            null,
            null,
            null,
            null,
            null,
            null,
            null));
    return this;
  }

  public FeedSpec build() {
    return new FeedSpec(
        prompts == null ? "images" : "masks",
        batch,
        microBatch,
        resolutions,
        null,
        draw,
        fit,
        crop,
        views,
        subset,
        augment,
        prompts,
        sides,
        shift,
        null,
        objectives);
  }
}
