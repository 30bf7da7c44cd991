package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.data.transform.Crop;
import org.samclip.data.transform.Shift;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.student.Head;
import org.samclip.train.loss.AffineMap;
import org.samclip.train.loss.Losses;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ObjectiveSpec.Grid;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.TermSpec;

/**
 * Features against features: a summary {@code [B, D]}, or patches {@code [B, D, h, w]}, which are
 * brought to one grid first.
 */
final class FeatureObjective implements Objective {

  private final String name;
  private final ObjectiveSpec spec;
  private final Head head;
  private final String output;
  private final Map<FeatureTerm, TermSpec> terms = new LinkedHashMap<>();
  private final NDArray bank;
  private AffineMap scale;

  /**
   * @param name in the recipe
   * @param spec checked against head and teacher
   * @param head whose output it is
   * @param bank embeddings of texts, [K, D]; null: none
   */
  FeatureObjective(String name, ObjectiveSpec spec, Head head, NDArray bank) {
    this.name = name;
    this.spec = spec;
    this.head = head;
    this.output =
        spec.head().output() == null
            ? head.outputs().keySet().iterator().next()
            : spec.head().output();
    this.bank = bank;
    spec.loss().forEach((term, own) -> terms.put(FeatureTerm.named(term).orElseThrow(), own));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double weight() {
    return spec.weight();
  }

  @Override
  public List<String> terms() {
    return List.copyOf(spec.loss().keySet());
  }

  @Override
  public Map<String, Set<String>> asked() {
    return Map.of(teacher(), Set.of(spec.teacher().output()));
  }

  @Override
  public Set<Integer> blocks() {
    return head.blocks();
  }

  String teacher() {
    return spec.teacher().owner();
  }

  ObjectiveSpec spec() {
    return spec;
  }

  /**
   * @param map from the teacher's output to what the head learns; null: it learns the output
   */
  void standardise(AffineMap map) {
    scale = map;
  }

  @Override
  public void read(PartPass pass, float factor, NDArray sums) {
    add(pass, pair(pass), 1, factor, sums);
  }

  /**
   * What is held against what, on one grid.
   *
   * @param student [B, D] or [B, N, D]
   * @param target the same shape, without history
   */
  record Pair(NDArray student, NDArray target) {

    /** Some of the images, [n] int64. */
    Pair of(NDArray images) {
      return new Pair(student.get(images), target.get(images));
    }
  }

  /** The teacher's output for these images, as the teacher gives it. */
  NDArray target(PartPass pass) {
    return pass.target(teacher(), spec.teacher().output());
  }

  /** Both sides of these images. */
  Pair pair(PartPass pass) {
    NDArray student = pass.output(spec.head().owner(), output);
    NDArray target = target(pass);
    if (student.getShape().dimension() == 2) {
      return new Pair(student, scaled(target));
    }
    Shape own = student.getShape();
    Optional<Shift.Overlap> overlap =
        pass.batch()
            .shifts()
            .overlap(Recipe.STUDENT, teacher(), (int) own.get(2), (int) own.get(3));
    if (overlap.isPresent()) {
      // Both have the same grid, as ObjectiveCheck sees to.
      NDArray seen = cut(student, overlap.get().first());
      NDArray same = cut(target, overlap.get().second());
      return new Pair(rows(seen), target(same, same.getShape()));
    }
    Shape given = target.getShape();
    boolean larger = given.get(2) > own.get(2);
    boolean toTarget = spec.grid() == Grid.LARGER == larger;
    Shape grid = toTarget ? given : own;
    return new Pair(rows(resized(student, grid)), target(target, grid));
  }

  private static NDArray cut(NDArray features, Crop window) {
    return features.get(
        new NDIndex(
            ":, :, {}:{}, {}:{}",
            window.y(),
            window.y() + window.height(),
            window.x(),
            window.x() + window.width()));
  }

  /**
   * Of the teacher: scaled before it is resized, as its statistics are those of its own patches.
   */
  private NDArray target(NDArray target, Shape grid) {
    try (Autograd off = Autograd.disabled()) {
      NDArray scaled =
          scale == null ? target : scaled(target.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2);
      return rows(resized(scaled, grid));
    }
  }

  private NDArray scaled(NDArray target) {
    try (Autograd off = Autograd.disabled()) {
      return scale == null ? target : scale.apply(target);
    }
  }

  private static NDArray resized(NDArray features, Shape grid) {
    Shape s = features.getShape();
    return s.get(2) == grid.get(2) && s.get(3) == grid.get(3)
        ? features
        : Kernels.resize(features, grid.get(2), grid.get(3), Resize.BILINEAR);
  }

  /** [B, D, h, w] to [B, h w, D]. */
  private static NDArray rows(NDArray features) {
    Shape s = features.getShape();
    return features.reshape(s.get(0), s.get(1), s.get(2) * s.get(3)).transpose(0, 2, 1);
  }

  /** Each term's value, weighted as in the loss: scalars. */
  private List<NDArray> values(Pair pair) {
    List<NDArray> values = new ArrayList<>();
    terms.forEach(
        (term, own) ->
            values.add(
                Losses.scaled(
                    term.of(pair.student(), pair.target(), own, bank), (float) own.weight())));
    return values;
  }

  /** The loss of a pair, without history: scalar. */
  NDArray loss(Pair pair) {
    try (Autograd off = Autograd.disabled()) {
      return values(pair).stream().reduce(NDArray::add).orElseThrow();
    }
  }

  /**
   * Adds the loss of some images.
   *
   * @param images of the pair as a share of the pass's
   */
  void add(PartPass pass, Pair pair, float images, float factor, NDArray sums) {
    List<NDArray> values = values(pair);
    float share = pass.share() * images;
    if (pass.on().isPresent()) {
      NDArray loss = values.stream().reduce(NDArray::add).orElseThrow();
      pass.add(spec.head().owner(), Losses.scaled(loss, (float) (spec.weight() * factor) * share));
    }
    NDList all = new NDList(values.toArray(NDArray[]::new));
    sums.addi(NDArrays.stack(all).stopGradient().mul(share));
  }
}
