package org.samclip.train.bench;

import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;
import org.samclip.data.replay.ReplayStream;
import org.samclip.model.Arithmetic;
import org.samclip.model.ClipModel;
import org.samclip.model.SamModel;
import org.samclip.sam.Sam;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.OutputName;
import org.samclip.train.recipe.PromptsSpec;
import org.samclip.train.recipe.TermSpec;
import org.samclip.train.teacher.Teacher;
import org.samclip.train.teacher.Teachers;

/** The paper's student and teachers with random weights, and the feeds of its stages. */
final class BenchModels {

  private static final String CROPS = "crops";
  private static final String PROMPTS = "prompts";
  private static final String SAM = "sam";
  private static final String CLIP = "clip";
  private static final Span ENDLESS = new Span(0, Long.MAX_VALUE);

  /** A text side as small as there can be, as no work reads texts. */
  private static final String TOKENIZER =
      """
      {"version": "1.0", "pre_tokenizer": {"type": "Whitespace"},
       "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}}
      """;

  private final BenchSetting setting;
  private final NDManager manager;
  private final Student student;
  private final Teachers teachers;
  private final Tokenizer tokenizer;

  /**
   * @param setting sizes
   * @param manager owns all weights
   */
  BenchModels(BenchSetting setting, NDManager manager) {
    this.setting = setting;
    this.manager = manager;
    student = new Student(setting.student());
    student.initialize(manager, BenchSetting.SEED);
    Clip clip = new Clip(setting.teacher());
    clip.initialize(manager, BenchSetting.SEED);
    tokenizer = new Tokenizer(TOKENIZER, setting.teacher().text().contextLength());
    SamModel.Sizes sizes =
        new SamModel.Sizes(setting.preset().encoder(), setting.preset().samHead());
    Sam sam = new Sam(sizes.encoder(), sizes.samHead());
    sam.initialize(manager, BenchSetting.SEED + 1);
    Map<String, Teacher> all = new LinkedHashMap<>();
    all.put(SAM, new Teacher(SAM, new SamModel(sam, sizes, Optional.empty()), "", null));
    all.put(CLIP, new Teacher(CLIP, new ClipModel(clip, tokenizer, Optional.empty()), "", null));
    teachers = new Teachers(all);
  }

  Student student() {
    return student;
  }

  /** The student with the CLIP's text tower. */
  MergedModel merged() {
    Language language = Language.of(teachers.model(CLIP), BenchSetting.CLIP_HEAD).orElseThrow();
    return new MergedModel(student, Optional.of(language), Optional.empty());
  }

  /** Closes what is not the manager's. */
  void close() {
    tokenizer.close();
  }

  /** D_CLIP: so many crops of an image are seen, 0: always a new one. */
  FeedSpec crops(int views) {
    ObjectiveSpec cosine =
        objective(BenchSetting.CLIP_HEAD, CLIP + ".summary", 1, Map.of("cosine", TermSpec.of(1)));
    return feed(setting.clipBatch(), setting.clipSide(), views, null, CLIP, cosine);
  }

  /** D_SAM: half of the prompts points, the paper's loss. */
  FeedSpec prompts() {
    Map<String, TermSpec> terms = new LinkedHashMap<>();
    terms.put("focal", new TermSpec(20, null, 2., .25, null, null));
    terms.put("dice", TermSpec.of(1));
    ObjectiveSpec masks = objective(BenchSetting.MASKS, SAM + ".masks", 10, terms);
    PromptsSpec prompts = new PromptsSpec(setting.prompts(), .5, .1, 20, .9, 1);
    return feed(setting.images(), setting.side(), 0, prompts, SAM, masks);
  }

  private static ObjectiveSpec objective(
      String head, String teacher, double weight, Map<String, TermSpec> loss) {
    return new ObjectiveSpec(
        OutputName.of(head),
        OutputName.of(teacher),
        weight,
        loss,
        null,
        null,
        null,
        null,
        ObjectiveSpec.Target.SOFT,
        null,
        ObjectiveSpec.Multimask.BEST);
  }

  private static FeedSpec feed(
      int batch, int side, int views, PromptsSpec prompts, String name, ObjectiveSpec objective) {
    return new FeedSpec(
        name,
        batch,
        null,
        List.of(side),
        null,
        FeedSpec.Draw.ONE,
        null,
        List.of(.9, 1.),
        views,
        1,
        null,
        prompts,
        Map.of(),
        0,
        null,
        Map.of(name, objective));
  }

  /** Batches of a stream. */
  FeedBatches batches(FeedSpec spec, ReplayStream stream) {
    return FeedBatches.of(
        spec, stream, Feeds.viewers(spec, student, teachers.models()), BenchSetting.SEED);
  }

  /** A feed that reads its stream. */
  StudentFeed reading(FeedSpec spec, ReplayStream stream, TemporaryCache cache) {
    Feed feed = new Feed(CROPS, stream, batches(spec, stream), ENDLESS);
    return learning(feed, spec, false, cache);
  }

  /** A feed of the same batch in every step. */
  StudentFeed repeating(FeedSpec spec, ReplayStream stream, TemporaryCache cache) {
    FeedBatch batch = batches(spec, stream).apply(0);
    String name = spec.prompts() == null ? CROPS : PROMPTS;
    Feed feed = new Feed(name, stream, any -> batch, ENDLESS);
    return learning(feed, spec, setting.checkpointActivations(), cache);
  }

  private StudentFeed learning(Feed feed, FeedSpec spec, boolean checkpoint, TemporaryCache cache) {
    Passes passes = new Passes(manager, checkpoint, cache.folder());
    return Feeds.of(feed, spec, student, teachers, passes, BenchSetting.SEED, Map.of());
  }

  /** Operations of the teachers and the student for a feed's step. */
  double operations(FeedSpec spec, boolean cached, boolean backboneLearns) {
    int side = spec.resolutions().get(0);
    boolean masks = spec.prompts() != null;
    double teacher =
        cached
            ? 0
            : teachers
                .model(masks ? SAM : CLIP)
                .operations(masks ? side : setting.teacher().vision().imageSide());
    double backbone = student.backbone().operations(side);
    double learned =
        backboneLearns
            ? 3 * backbone - student.backbone().embeddingOperations(side)
            : cached ? 0 : backbone;
    double head =
        3 * student.head(masks ? BenchSetting.MASKS : BenchSetting.CLIP_HEAD).operations(side);
    double prompts = masks ? spec.prompts().perImage() * promptOperations(side) : 0;
    return spec.batchSize() * (teacher + learned + head + prompts);
  }

  private double promptOperations(int side) {
    int grid = side / setting.preset().encoder().patch();
    return (1 + 3) * Arithmetic.maskDecoder(setting.preset().samHead(), grid);
  }
}
