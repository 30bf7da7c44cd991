package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.samclip.UserError;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.Selection.Side;
import org.samclip.kernel.Autograd;
import org.samclip.model.ImageInput;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;
import org.samclip.student.Head;
import org.samclip.student.MaskHead;
import org.samclip.student.Student;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.feed.Viewer;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.teacher.FrozenNetwork;
import org.samclip.train.teacher.Teachers;

/**
 * Makes a stage's feeds: over the images to train on, or over those held out.
 *
 * @param recipe of the run
 * @param teachers are asked
 * @param data files
 */
public record Feeds(Recipe recipe, Teachers teachers, DataFiles data) {

  /**
   * Where a stage's feeds begin.
   *
   * @param positions of their streams by name; absent: at the start
   * @param means running means of balanced losses by objective
   */
  public record Start(Map<String, Position> positions, Map<String, Double> means) {

    /** At the beginning of a stage. */
    public static final Start FRESH = new Start(Map.of(), Map.of());
  }

  /**
   * @param stage whose feeds
   * @param student learns, or is measured
   * @param passes how to compute
   * @param side images to train on, or held out
   * @param start where the streams begin
   * @param span steps to make batches for
   * @return the feeds of the stage, to be closed
   */
  public List<StudentFeed> of(
      StageSpec stage, Student student, Passes passes, Side side, Start start, Span span) {
    List<StudentFeed> feeds = new ArrayList<>();
    stage
        .feeds()
        .keySet()
        .forEach(name -> feeds.add(one(stage, name, student, passes, side, start, span)));
    return feeds;
  }

  /**
   * @param stage of the recipe
   * @param name of one of its feeds
   * @param student learns, or is measured
   * @param passes how to compute
   * @param side images to train on, or held out
   * @param start where the stream begins
   * @param span steps to make batches for
   * @return the feed, to be closed
   */
  public StudentFeed one(
      StageSpec stage,
      String name,
      Student student,
      Passes passes,
      Side side,
      Start start,
      Span span) {
    FeedSpec spec = stage.feeds().get(name);
    long seed = seed(stage, name);
    Position at = start.positions().getOrDefault(name, Position.START);
    ReplayStream stream = data.stream(spec.data(), seed, false, side, spec.subset(), at);
    // Given views are the same ones in all stages, so that what is cached serves all of them.
    long own = spec.views() > 0 ? recipe.seed() : seed;
    List<Viewer> viewers = viewers(spec, student, teachers.models());
    FeedBatches batches = FeedBatches.of(spec, stream, viewers, own, passes.ranks().rank());
    Feed feed = new Feed(name, stream, batches, span);
    return of(feed, spec, student, teachers, passes, seed, start.means());
  }

  /**
   * @param feed batches with the views of {@link #viewers}
   * @param spec of the feed
   * @param student learns, or is measured
   * @param teachers are asked
   * @param passes how to compute
   * @param seed of what is drawn in a step
   * @param means running means of balanced losses by objective
   * @return the feed with its objectives, to be closed
   */
  public static StudentFeed of(
      Feed feed,
      FeedSpec spec,
      Student student,
      Teachers teachers,
      Passes passes,
      long seed,
      Map<String, Double> means) {
    Map<String, FrozenNetwork> networks = new LinkedHashMap<>();
    List<Objective> objectives = new ArrayList<>();
    NDManager kept = passes.manager().newSubManager();
    spec.objectives()
        .forEach(
            (name, o) -> {
              networks.computeIfAbsent(
                  o.teacher().owner(), t -> FrozenNetwork.of(teachers.byName().get(t)));
              VisionModel teacher = teachers.model(o.teacher().owner());
              objectives.add(objective(name, o, spec, student, teacher, kept));
            });
    return new StudentFeed(feed, spec, student, objectives, networks, passes, seed, means, kept);
  }

  /** Each stage sees the data in an order of its own, and so does each of two feeds of one data. */
  private long seed(StageSpec stage, String name) {
    Map<String, Integer> before = new HashMap<>();
    for (Map.Entry<String, FeedSpec> feed : stage.feeds().entrySet()) {
      String data = feed.getValue().data();
      if (feed.getKey().equals(name)) {
        long own = before.getOrDefault(data, 0);
        return recipe.seed() * 31 + stage.name().hashCode() + own * 0x9E3779B97F4A7C15L;
      }
      before.merge(data, 1, Integer::sum);
    }
    throw new IllegalArgumentException(name);
  }

  /**
   * @param feed of a stage
   * @param student that it trains
   * @param teachers by name
   * @return who sees its images: the student, then the teachers of its objectives
   */
  public static List<Viewer> viewers(
      FeedSpec feed, Student student, Map<String, VisionModel> teachers) {
    Map<String, Viewer> viewers = new LinkedHashMap<>();
    ImageInput own = student.config().backbone().input();
    viewers.put(Recipe.STUDENT, Viewer.of(Recipe.STUDENT, own, side -> side));
    for (ObjectiveSpec objective : feed.objectives().values()) {
      viewers.computeIfAbsent(
          objective.teacher().owner(), name -> viewer(name, teachers.get(name), feed, student));
    }
    return List.copyOf(viewers.values());
  }

  /**
   * @param name of a teacher
   * @param teacher the teacher
   * @param feed that it sees
   * @param student beside which it sees it
   * @return how it sees the feed's images
   */
  public static Viewer viewer(String name, VisionModel teacher, FeedSpec feed, Student student) {
    int side = teacher.input().side();
    int patch = teacher.input().patch();
    int ofStudent = student.backbone().patch();
    String standard = feed.padded() ? "same" : "own";
    String rule = feed.sides().getOrDefault(name, standard);
    if (rule.equals(FeedSpec.MOSAIC)) {
      return Viewer.ofMosaics(name, teacher.input());
    }
    IntUnaryOperator sides =
        switch (rule) {
          case "own" -> s -> side;
          case "same" -> s -> s;
          case "grid" -> s -> s / ofStudent * patch;
          default -> {
            int fixed = Integer.parseInt(rule);
            yield s -> fixed;
          }
        };
    return Viewer.of(name, teacher.input(), sides);
  }

  private static Objective objective(
      String name,
      ObjectiveSpec spec,
      FeedSpec feed,
      Student student,
      VisionModel teacher,
      NDManager manager) {
    Head head = student.heads().get(spec.head().owner());
    if (spec.teacher().output().equals(ObjectiveCheck.MASKS)) {
      PromptableModel draws = teacher.as(PromptableModel.class).orElseThrow();
      return new MaskObjective(
          name, spec, (MaskHead) head, student.backbone(), draws, feed.prompts().rounds());
    }
    NDArray bank = spec.texts() == null ? null : bank(name, spec, teacher, manager);
    return new FeatureObjective(name, spec, head, bank);
  }

  /** [K, D], of unit length. */
  private static NDArray bank(
      String name, ObjectiveSpec spec, VisionModel teacher, NDManager manager) {
    try (Autograd off = Autograd.disabled()) {
      List<String> texts =
          Files.readAllLines(Path.of(spec.texts())).stream().filter(t -> !t.isBlank()).toList();
      if (texts.size() < 2) {
        throw new UserError(
            "objectives."
                + name
                + ".texts: "
                + spec.texts()
                + " has "
                + texts.size()
                + " texts; allowed: two or more, one a line");
      }
      return teacher.as(TextAlignedModel.class).orElseThrow().embedTexts(manager, texts);
    } catch (IOException e) {
      throw new UserError(
          "objectives." + name + ".texts: " + spec.texts() + " cannot be read: " + e.getMessage(),
          e);
    }
  }
}
