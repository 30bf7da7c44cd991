package org.samclip.train.stage;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.kernel.Autograd;
import org.samclip.student.Head;
import org.samclip.student.Student;
import org.samclip.train.loss.AffineMap;
import org.samclip.train.loss.RunningCovariance;
import org.samclip.train.loss.Standardisation;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.StageSpec;

/**
 * The scales that a stage gives its teachers' outputs. A head that learns a scaled output, and has
 * learned before, is mapped as well when the stage begins; all are mapped back when it ends: models
 * between stages speak the teachers' own spaces.
 */
final class TargetScales implements AutoCloseable {

  private record Scaled(ObjectiveSpec objective, String feed, int width) {}

  private final Student student;
  private final NDManager manager;
  private final Map<String, Scaled> scaled = new LinkedHashMap<>();
  private final Map<String, AffineMap> maps = new LinkedHashMap<>();

  /**
   * @param stage of the recipe
   * @param student whose heads learn
   * @param parent on the model's device
   */
  TargetScales(StageSpec stage, Student student, NDManager parent) {
    this.student = student;
    this.manager = parent.newSubManager();
    for (Map.Entry<String, FeedSpec> feed : stage.feeds().entrySet()) {
      feed.getValue()
          .objectives()
          .forEach(
              (name, spec) -> {
                if (spec.standardise() != null) {
                  int width = head(spec).outputs().values().iterator().next().width();
                  scaled.put(name, new Scaled(spec, feed.getKey(), width));
                }
              });
    }
    // Memory for what a resumed run reads; a fresh one measures it.
    scaled.forEach((name, one) -> maps.put(name, zeros(one.width())));
  }

  private Head head(ObjectiveSpec spec) {
    return student.heads().get(spec.head().owner());
  }

  private AffineMap zeros(int width) {
    return new AffineMap(
        kept(manager.zeros(new Shape(width), DataType.FLOAT64)),
        kept(manager.zeros(new Shape(width, width), DataType.FLOAT64)),
        kept(manager.zeros(new Shape(width, width), DataType.FLOAT64)));
  }

  private static NDArray kept(NDArray array) {
    NDScope.unregister(array);
    return array;
  }

  /**
   * @return maps from the teachers' outputs by objective
   */
  Map<String, AffineMap> maps() {
    return maps;
  }

  /**
   * @return the maps' arrays by name, for a checkpoint
   */
  Map<String, NDArray> state() {
    Map<String, NDArray> state = new LinkedHashMap<>();
    maps.forEach(
        (name, map) -> {
          state.put("scale." + name + ".mean", map.mean());
          state.put("scale." + name + ".matrix", map.matrix());
          state.put("scale." + name + ".inverse", map.inverse());
        });
    return state;
  }

  /** Opens a feed of the stage from its beginning. */
  @FunctionalInterface
  interface Opener {
    /**
     * @param feed its name
     * @param batches so many are read
     */
    StudentFeed open(String feed, int batches);
  }

  /**
   * Measures the scales of a fresh stage and maps the heads. A head of random weights speaks no
   * teacher's space yet: it stays as it is, near the scaled targets' mean of 0. Mapped, it would
   * begin as far away as the teacher's mean is from 0 in the teacher's deviations, which AdamW
   * walks by a rate a step.
   *
   * @param feeds opens them
   * @param fresh names of heads with random weights
   */
  void begin(Opener feeds, Set<String> fresh) {
    Map<String, Integer> batches = new LinkedHashMap<>();
    scaled.values().forEach(s -> batches.merge(s.feed(), needed(s), Math::max));
    Map<String, RunningCovariance> seen = new LinkedHashMap<>();
    scaled.forEach((name, s) -> seen.put(name, new RunningCovariance(s.width(), manager)));
    batches.forEach(
        (name, count) -> {
          try (StudentFeed feed = feeds.open(name, count)) {
            for (int i = 0; i < count; i++) {
              int batch = i;
              feed.observe(
                  (objective, output) -> {
                    if (scaled.containsKey(objective) && batch < needed(scaled.get(objective))) {
                      seen.get(objective).add(rows(output));
                    }
                  });
            }
          }
        });
    seen.forEach(
        (name, statistics) -> {
          try (NDManager step = manager.newSubManager();
              statistics) {
            String form = scaled.get(name).objective().standardise().form().name();
            copy(Standardisation.valueOf(form).map(statistics, step), maps.get(name));
          }
        });
    scaled.forEach(
        (name, s) -> {
          if (!fresh.contains(s.objective().head().owner())) {
            map(head(s.objective()), maps.get(name));
          }
        });
  }

  private static int needed(Scaled scaled) {
    return scaled.objective().standardise().batches();
  }

  private static NDArray rows(NDArray output) {
    return output.getShape().dimension() == 2 ? output : output.transpose(0, 2, 3, 1);
  }

  private static void copy(AffineMap from, AffineMap to) {
    ParameterLoader.copyInPlace(from.mean(), to.mean());
    ParameterLoader.copyInPlace(from.matrix(), to.matrix());
    ParameterLoader.copyInPlace(from.inverse(), to.inverse());
  }

  /** The head gives what its targets are from now on. */
  private static void map(Head head, AffineMap map) {
    try (Autograd off = Autograd.disabled();
        NDArray bias = map.matrix().matMul(map.mean().reshape(-1, 1)).reshape(-1).neg()) {
      head.foldOutput(map.matrix(), bias);
    }
  }

  /** The heads give what the teachers give. */
  void end() {
    scaled.forEach(
        (name, s) -> {
          try (Autograd off = Autograd.disabled()) {
            head(s.objective()).foldOutput(maps.get(name).inverse(), maps.get(name).mean());
          }
        });
  }

  /**
   * Lets something see the model as it would be if the stage ended now.
   *
   * @param action sees it
   */
  void inTeachersSpace(Runnable action) {
    if (scaled.isEmpty()) {
      action.run();
      return;
    }
    try (NDManager aside = manager.newSubManager()) {
      // By name and not by array: arrays of the same values are equal to each other.
      List<Map<String, NDArray>> before = new ArrayList<>();
      for (Scaled s : scaled.values()) {
        Map<String, NDArray> copies = new LinkedHashMap<>();
        head(s.objective())
            .module()
            .arrays()
            .forEach(
                (name, array) -> {
                  NDArray copy = array.duplicate();
                  copy.attach(aside);
                  copies.put(name, copy);
                });
        before.add(copies);
      }
      end();
      action.run();
      int at = 0;
      for (Scaled s : scaled.values()) {
        Map<String, NDArray> arrays = head(s.objective()).module().arrays();
        before
            .get(at++)
            .forEach((name, copy) -> ParameterLoader.copyInPlace(copy, arrays.get(name)));
      }
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
