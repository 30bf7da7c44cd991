package org.samclip.train;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.samclip.checkpoint.Provenance;
import org.samclip.data.replay.ReplayStream;
import org.samclip.model.VisionModel;
import org.samclip.student.Student;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teacher;
import org.samclip.train.teacher.Teachers;

/**
 * Feeds as a recipe words them, over {@link InMemorySource}'s pictures and teachers that need no
 * files. The student is made by the recipe's words as well, and then stirred.
 *
 * @param recipe of one stage
 * @param teachers whose names it uses
 * @param student stirred
 */
public record TinyFeeds(Recipe recipe, Teachers teachers, Student student) {

  public static final int PICTURES = 6;
  public static final long SEED = 4;

  /** A ViT-Det as the teacher {@code sam} has one. */
  public static final String VIT_DET = "{from: sam}";

  /** A plain ViT with a class token and a register. */
  public static final String PLAIN =
      "{vit: {patch: 8, side: 32, width: 16, depth: 2, heads: 2, registers: 1}}";

  private static final String RECIPE =
      """
      name: tiny
      student:
        backbone: %s
        heads: %s
      teachers: {%s}
      data:
        scenes: {images: 30, masks: 16, crops: 8, scenes: 3, dir: nowhere}
      stages:
        - name: only
          duration: 100 steps
          feeds: %s
          optimizer: {lr: 1.0e-3}
          groups: [{pattern: "*"}]
      """;

  /** Teachers {@code sam}, {@code clip}, {@code vit} (patch 8) and {@code fine} (patch 4). */
  public static Teachers teachers(NDManager manager) {
    Map<String, VisionModel> models = new LinkedHashMap<>();
    models.put("sam", TinyModels.sam(manager, 3));
    models.put("clip", TinyModels.clip(manager, 2));
    models.put("vit", TinyModels.vit(manager, 5, 8));
    models.put("fine", TinyModels.vit(manager, 6, 4));
    return teachers(models);
  }

  public static Teachers teachers(Map<String, VisionModel> models) {
    Map<String, Teacher> all = new LinkedHashMap<>();
    models.forEach((name, model) -> all.put(name, new Teacher(name, model, "", null)));
    return new Teachers(all);
  }

  /** With a student of its own. All words are YAML of one line. */
  public static TinyFeeds of(
      NDManager manager, Teachers teachers, String backbone, String heads, String feeds) {
    Recipe recipe = recipe(teachers, backbone, heads, feeds);
    Provenance none = new Provenance("test", "samclip", "", "", Map.of(), "", Map.of());
    Student student =
        new StudentBuilder(recipe.student(), teachers).start(manager, 1, none).student();
    TinyModels.stir(student, 1);
    return new TinyFeeds(recipe, teachers, student);
  }

  /** With a student that was made elsewhere and has the backbone and heads of the words. */
  public static TinyFeeds of(
      Teachers teachers, Student student, String backbone, String heads, String feeds) {
    return new TinyFeeds(recipe(teachers, backbone, heads, feeds), teachers, student);
  }

  /** The same student and teachers with other feeds. */
  public TinyFeeds with(String backbone, String heads, String feeds) {
    return new TinyFeeds(recipe(teachers, backbone, heads, feeds), teachers, student);
  }

  private static Recipe recipe(Teachers teachers, String backbone, String heads, String feeds) {
    String names =
        teachers.byName().keySet().stream()
            .map(name -> name + ": {weights: nowhere.safetensors}")
            .collect(Collectors.joining(", "));
    String yaml = RECIPE.formatted(backbone, heads, names, feeds) + others(teachers, heads);
    return RecipeReader.parse("tiny", yaml, java.util.List.of());
  }

  /** A stage that no test runs: a recipe trains every head somewhere. */
  private static String others(Teachers teachers, String heads) {
    String teacher = teachers.byName().keySet().iterator().next();
    String objectives;
    try {
      objectives =
          new YAMLMapper()
              .readTree(heads).properties().stream()
                  .map(
                      head ->
                          "%1$s: {head: %1$s, teacher: %2$s.any, loss: {mse: 1}}"
                              .formatted(head.getKey(), teacher))
                  .collect(Collectors.joining(", "));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(heads, e);
    }
    return """
          - name: others
            start: base
            duration: 1 steps
            feeds: {f: {data: images, batch_size: 1, resolutions: [32], objectives: {%s}}}
            optimizer: {lr: 1.0e-3}
            groups: [{pattern: "*"}]
        """
        .formatted(objectives);
  }

  public StageSpec stage() {
    return recipe.stages().get(0);
  }

  public FeedSpec spec(String name) {
    return stage().feeds().get(name);
  }

  /** What the feed reads: the same pictures, crops and prompts each time. */
  public Feed feed(String name) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(PICTURES)).stream(SEED, 1);
    FeedBatches batches =
        FeedBatches.of(
            spec(name), stream, Feeds.viewers(spec(name), student, teachers.models()), SEED);
    return new Feed(name, stream, batches, new Span(0, 1000));
  }

  /** The first batch of a feed. */
  public FeedBatch batch(String name) {
    Feed feed = feed(name);
    try (ReplayStream stream = feed.stream()) {
      return feed.batches().apply(0);
    }
  }

  /** The feed, at its beginning, to be closed. */
  public StudentFeed open(String name, NDManager manager) {
    return open(name, new Passes(manager, false, Optional.empty()), Map.of());
  }

  public StudentFeed open(String name, Passes passes, Map<String, Double> means) {
    return Feeds.of(feed(name), spec(name), student, teachers, passes, SEED, means);
  }
}
