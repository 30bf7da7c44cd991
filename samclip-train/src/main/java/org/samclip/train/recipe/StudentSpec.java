package org.samclip.train.recipe;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is trained: a backbone, and heads that stand on it.
 *
 * @param backbone what all heads share
 * @param heads by name; at least one
 * @param text a teacher's text tower that the model keeps, so that a head can be compared with
 *     texts; absent: none
 */
public record StudentSpec(
    BackboneSpec backbone, Map<String, HeadSpec> heads, @Optional TextSpec text) {

  /**
   * @param from name of the teacher whose text tower stays
   * @param head whose output lies in that tower's space
   */
  public record TextSpec(String from, String head) {
    public TextSpec {
      Check.name("from", from);
      Check.name("head", head);
    }
  }

  public StudentSpec {
    heads = Check.names("heads", heads);
    Check.that(!heads.isEmpty(), "heads", "empty", "at least one head");
    if (text != null) {
      Check.known("text.head", text.head(), heads.keySet());
    }
  }

  /**
   * Checks that its teachers are there, and that every head has weights from somewhere.
   *
   * @param path of the student in the recipe
   * @param teachers of the recipe
   * @param stages that train it
   */
  void check(String path, Map<String, TeacherSpec> teachers, List<StageSpec> stages) {
    if (backbone.from() != null) {
      Check.known(path + ".backbone.from", backbone.from(), teachers.keySet());
    }
    if (text != null) {
      Check.known(path + ".text.from", text.from(), teachers.keySet());
    }
    Set<String> learning = new HashSet<>();
    for (StageSpec stage : stages) {
      for (FeedSpec feed : stage.feeds().values()) {
        for (ObjectiveSpec objective : feed.objectives().values()) {
          if (objective.head() != null) {
            learning.add(objective.head().owner());
          }
        }
      }
    }
    heads.forEach(
        (name, head) -> {
          String key = path + ".heads." + name;
          if (head.from() != null) {
            Check.known(key + ".from", head.from(), teachers.keySet());
          }
          if (head.to() != null) {
            Check.known(key + ".to", head.to().owner(), teachers.keySet());
            Check.that(
                head.to().output() != null,
                key + ".to",
                "'" + head.to() + "'",
                "TEACHER.OUTPUT, such as '" + head.to() + ".summary'");
          }
          Check.that(
              head.from() != null || learning.contains(name),
              key,
              "a head without weights: no objective of a stage has head: " + name,
              "an objective that trains it, or 'from', a teacher that has such a head");
        });
  }
}
