package org.samclip.train.objective;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.model.ImageOutput;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;
import org.samclip.student.Head;
import org.samclip.student.HeadOutput;
import org.samclip.student.MaskHead;
import org.samclip.student.Student;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.Viewer;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.loss.Standardisation;
import org.samclip.train.recipe.EvaluationSpec;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ProtocolSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.StandardiseSpec;

/**
 * Whether a stage's feeds and objectives fit the student and the teachers, from sizes alone: before
 * anything runs.
 *
 * @param student without memory, or with it
 * @param teachers by name
 */
public record ObjectiveCheck(Student student, Map<String, VisionModel> teachers) {

  /** What a teacher's masks are called beside its named outputs. */
  static final String MASKS = "masks";

  /**
   * @return the names of all terms of losses
   */
  public static List<String> terms() {
    return Stream.concat(FeatureTerm.labels().stream(), MaskLoss.TERMS.stream()).toList();
  }

  /**
   * @param key of the stage in the recipe
   * @param stage to look at
   * @throws UserError naming the key, its value and what is allowed
   */
  public void require(String key, StageSpec stage) {
    stage.feeds().forEach((name, feed) -> feed(key + ".feeds." + name, feed));
    for (Map.Entry<String, FeedSpec> one : stage.feeds().entrySet()) {
      one.getValue()
          .objectives()
          .forEach(
              (name, spec) -> {
                if (spec.standardise() != null) {
                  requireAlone(key + ".feeds." + one.getKey() + ".objectives." + name, stage, spec);
                }
              });
    }
  }

  /**
   * @param evaluation of the recipe, whose sides the student has to see
   * @throws UserError as the other
   */
  public void require(EvaluationSpec evaluation) {
    for (ProtocolSpec entry : evaluation.protocols().entries()) {
      String key = "evaluation.protocols." + entry.name() + ".resolutions";
      requirePatches(key, entry.resolutions());
    }
  }

  private void requirePatches(String key, List<Integer> resolutions) {
    int patch = student.backbone().patch();
    for (int side : resolutions) {
      if (side < patch || side % patch != 0) {
        throw error(key, side, "multiples of the student's patch, " + patch);
      }
    }
  }

  /** A head that learns a teacher's output in another scale can learn nothing else. */
  private static void requireAlone(String key, StageSpec stage, ObjectiveSpec spec) {
    long readers =
        stage.feeds().values().stream()
            .flatMap(feed -> feed.objectives().values().stream())
            .filter(other -> other.head().owner().equals(spec.head().owner()))
            .count();
    if (readers > 1) {
      throw error(
          key + ".standardise",
          "given for the head '" + spec.head().owner() + "', which has " + readers + " objectives",
          "a head with one objective, as its outputs take on the scale; give each a head of its own");
    }
  }

  private void feed(String key, FeedSpec feed) {
    requirePatches(key + ".resolutions", feed.resolutions());
    feed.objectives()
        .forEach(
            (name, spec) -> {
              Head head = student.heads().get(spec.head().owner());
              VisionModel teacher = teachers.get(spec.teacher().owner());
              new Pair(key, key + ".objectives." + name, student, feed, spec, head, teacher)
                  .require();
            });
  }

  /**
   * An objective with all that it holds together.
   *
   * @param feedKey of the feed in the recipe
   * @param key of the objective
   */
  private record Pair(
      String feedKey,
      String key,
      Student student,
      FeedSpec feed,
      ObjectiveSpec spec,
      Head head,
      VisionModel teacher) {

    private String name() {
      return spec.teacher().owner();
    }

    private Viewer viewer() {
      return Feeds.viewer(name(), teacher, feed, student);
    }

    private int seen(int side) {
      return viewer().imageSide(side);
    }

    void require() {
      int patch = teacher.input().patch();
      for (int side : feed.resolutions()) {
        if (seen(side) < patch || seen(side) % patch != 0) {
          throw sides(
              side,
              "what makes it a multiple of the patch of "
                  + name()
                  + ", "
                  + patch
                  + " px: own ("
                  + teacher.input().side()
                  + " px), grid, or a side in pixels");
        }
      }
      if (spec.teacher().output().equals(MASKS)) {
        masks();
      } else {
        features();
      }
    }

    private UserError sides(int side, String allowed) {
      String rule = feed.sides().get(name());
      String written = rule == null ? "absent" : "'" + rule + "'";
      return error(
          feedKey + ".sides." + name(),
          "%s, so that %s sees %d px where the student sees %d"
              .formatted(written, name(), seen(side), side),
          allowed);
    }

    private void masks() {
      if (teacher.as(PromptableModel.class).isEmpty()) {
        throw error(
            key + ".teacher",
            "'" + spec.teacher() + "', of a model that draws no masks",
            outputs());
      }
      if (!(head instanceof MaskHead) || spec.head().output() != null) {
        throw error(
            key + ".head",
            "'" + spec.head() + "', of kind " + head.kind(),
            "the name of a head of kind mask-decoder, as " + spec.teacher() + " are masks");
      }
      if (feed.prompts() == null) {
        throw error(
            feedKey + ".prompts",
            "missing",
            "a section such as {per_image: 32}, as " + spec.teacher() + " answer to prompts");
      }
      for (int side : feed.resolutions()) {
        if (seen(side) != side) {
          throw sides(side, "same, as prompts are pixels of one image");
        }
      }
      if (teacher.input().patch() != student.backbone().patch()) {
        throw error(
            key + ".teacher",
            "'" + spec.teacher() + "', whose patch is " + teacher.input().patch() + " px",
            "a teacher with the student's patch, "
                + student.backbone().patch()
                + " px, as both draw masks of four pixels a patch");
      }
      requireTerms(MaskLoss.TERMS);
      String features = "nothing, as it is for features, not masks";
      requireAbsent("standardise", spec.standardise(), features);
      requireAbsent("texts", spec.texts(), features);
      requireAbsent("grid", spec.grid(), features);
    }

    private void features() {
      ImageOutput target = teacher.outputs().get(spec.teacher().output());
      if (target == null) {
        String hint = NearestName.hint(spec.teacher().output(), teacher.outputs().keySet());
        throw error(key + ".teacher", "'" + spec.teacher() + "'", outputs() + "." + hint);
      }
      HeadOutput own = output();
      boolean spatial = target.row().apply(teacher.input().side()).dimension() == 3;
      if (own.spatial() != spatial) {
        throw error(
            key + ".head",
            "'" + spec.head() + "', which gives " + form(own.spatial()),
            "a head that gives "
                + form(spatial)
                + ", as "
                + spec.teacher()
                + " is that: of most kinds one with output: "
                + (spatial ? Head.SPATIAL : Head.SUMMARY));
      }
      if (viewer().mosaic() && !spatial) {
        throw error(
            key + ".teacher",
            "'" + spec.teacher() + "', which is one for the four images of a mosaic",
            "features of patches, or another side than mosaic for " + name());
      }
      if (feed.shift() > 0 && spatial) {
        shift(own, target);
      }
      requireTerms(FeatureTerm.labels());
      terms(spatial);
      boolean anyWidth =
          spec.loss().keySet().stream().allMatch(t -> t.equals("gram") || t.endsWith("relational"));
      if (own.width() != target.width() && !anyWidth) {
        throw error(
            key + ".head",
            "'" + spec.head() + "', which is " + own.width() + " wide",
            "one that is %d wide as %s is, by to: %s in the head; or the terms gram and relational"
                .formatted(target.width(), spec.teacher(), spec.teacher()));
      }
      standardise(own, target, spatial);
      String masks = "nothing, as it is for masks, not features";
      requireAbsent("target", spec.target(), masks);
      requireAbsent("temperature", spec.temperature(), masks);
      requireAbsent("multimask", spec.multimask(), masks);
      if (!spatial) {
        requireAbsent("grid", spec.grid(), "nothing, as it is for patches");
      }
    }

    /** What is moved by patches is compared patch by patch. */
    private void shift(HeadOutput own, ImageOutput target) {
      for (int side : feed.resolutions()) {
        long grid = own.row(side).get(1);
        long given = target.row().apply(seen(side)).get(1);
        if (grid != given) {
          String rule = feed.sides().get(name());
          throw error(
              feedKey + ".sides." + name(),
              "%s, by which it has %d patches a side where the student has %d"
                  .formatted(rule == null ? "absent" : "'" + rule + "'", given, grid),
              "grid, as the feed's shift moves both by patches");
        }
        if (grid <= 2L * feed.shift()) {
          throw error(
              feedKey + ".shift",
              feed.shift() + " at " + grid + " patches a side",
              "less than half of them, so that some patches are seen by both");
        }
      }
    }

    private HeadOutput output() {
      String name = spec.head().output();
      HeadOutput own =
          name == null ? head.outputs().values().iterator().next() : head.outputs().get(name);
      if (own == null) {
        throw error(
            key + ".head",
            "'" + spec.head() + "'",
            "an output of %s: %s.%s"
                .formatted(
                    spec.head().owner(),
                    String.join(", ", head.outputs().keySet()),
                    NearestName.hint(name, head.outputs().keySet())));
      }
      return own;
    }

    private void terms(boolean spatial) {
      boolean texts = false;
      for (String label : spec.loss().keySet()) {
        FeatureTerm term = FeatureTerm.named(label).orElseThrow();
        if (term.spatial().isPresent() && term.spatial().get() != spatial) {
          throw error(
              key + ".loss." + label,
              "given for " + form(spatial),
              "terms for it; " + label + " is for " + form(term.spatial().get()));
        }
        if (term.comparesImages()) {
          requireImages(label);
        }
        texts |= term.needsTexts();
      }
      if (texts) {
        texts();
      } else {
        requireAbsent("texts", spec.texts(), "nothing without the term similarity");
      }
    }

    /** What compares images has nothing to say of a single one. */
    private void requireImages(String label) {
      if (feed.dropTeachers() != null) {
        throw error(
            key + ".loss." + label,
            "given in a feed with drop_teachers, which may leave one image to a teacher",
            "terms that look at single images, or no drop_teachers");
      }
      int micro = feed.microBatch() == null ? 0 : feed.microBatch();
      for (int side : feed.resolutions()) {
        int batch = feed.batches().batchFor(side);
        for (MicroBatch.Part part : new MicroBatch(micro, feed.baseSide()).parts(batch, side)) {
          if (part.size() < 2) {
            throw error(
                feedKey + (micro == 0 ? ".batch_size" : ".micro_batch"),
                (micro == 0 ? feed.batchSize() : micro)
                    + ", by which "
                    + side
                    + " px have a pass of one image",
                "passes of two or more, as " + label + " compares the images of a pass");
          }
        }
      }
    }

    private void texts() {
      if (teacher.as(TextAlignedModel.class).isEmpty()) {
        throw error(
            key + ".loss.similarity",
            "given for "
                + name()
                + ", which lacks "
                + teacher.lacking(TextAlignedModel.class).orElse("a text tower"),
            "teachers with a text tower and a tokenizer, such as a CLIP");
      }
      if (spec.texts() == null) {
        throw error(key + ".texts", "missing", "a file of texts, one a line, for similarity");
      }
      if (!Files.isRegularFile(Path.of(spec.texts()))) {
        throw error(
            key + ".texts", "'" + spec.texts() + "', no file", "a file of texts, one a line");
      }
    }

    private void standardise(HeadOutput own, ImageOutput target, boolean spatial) {
      StandardiseSpec wanted = spec.standardise();
      if (wanted == null) {
        return;
      }
      if (own.width() != target.width()) {
        throw error(
            key + ".standardise",
            "given for a head " + own.width() + " wide against " + target.width(),
            "a head as wide as " + spec.teacher() + ", whose map is put into it");
      }
      String output =
          spec.head().output() == null
              ? head.outputs().keySet().iterator().next()
              : spec.head().output();
      if (!head.foldsOutput(output)) {
        throw error(
            key + ".standardise",
            "given for '" + spec.head() + "', of kind " + head.kind(),
            "a head that ends in a linear layer, which the scale can be put into: linear, mlp,"
                + " blocks, ladder, or a clip-head's summary");
      }
      if (spec.loss().containsKey(FeatureTerm.SIMILARITY.label())) {
        throw error(
            key + ".standardise",
            "given beside similarity",
            "nothing, as the texts lie in the teacher's own space");
      }
      Standardisation form = Standardisation.valueOf(wanted.form().name());
      if (!form.fits(target.width())) {
        throw error(
            key + ".standardise.form",
            "phi_s for " + target.width() + " channels, of which there is no Hadamard matrix",
            "channel");
      }
      long places = 1;
      if (spatial) {
        long row = target.row().apply(seen(feed.resolutions().get(0))).get(1);
        places = row * row;
      }
      double rows = feed.meanBatch() * places;
      long needed = form.leastRows(target.width());
      if ((long) (wanted.batches() * rows) < needed) {
        throw error(
            key + ".standardise.batches",
            "%d, which see %d rows of %s"
                .formatted(wanted.batches(), (long) (wanted.batches() * rows), spec.teacher()),
            "%d or more, for the %d rows that %s needs; or form: channel"
                .formatted((long) Math.ceil(needed / rows), needed, lower(wanted.form())));
      }
    }

    private void requireTerms(Collection<String> known) {
      for (String term : spec.loss().keySet()) {
        if (!known.contains(term)) {
          throw error(
              key + ".loss." + term,
              "no term of such an objective",
              String.join(", ", known) + "." + NearestName.hint(term, known));
        }
      }
    }

    private void requireAbsent(String name, Object value, String allowed) {
      if (value != null) {
        String written =
            value instanceof Record ? "given" : value instanceof Enum<?> e ? lower(e) : "" + value;
        throw error(key + "." + name, written, allowed);
      }
    }

    private String outputs() {
      Set<String> names = new TreeSet<>(teacher.outputs().keySet());
      if (teacher.as(PromptableModel.class).isPresent()) {
        names.add(MASKS);
      }
      return "an output of " + name() + ": " + String.join(", ", names);
    }
  }

  private static String lower(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  private static String form(boolean spatial) {
    return spatial ? "features of patches" : "one feature of the image";
  }

  private static UserError error(String key, Object value, String allowed) {
    return new UserError("'" + key + "' is " + value + "; allowed: " + allowed);
  }
}
