package org.samclip.train.feed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.replay.Selection.Side;
import org.samclip.data.scenes.SceneOptions;
import org.samclip.data.scenes.SceneProgress;
import org.samclip.data.scenes.SceneSetOptions;
import org.samclip.data.scenes.SceneSplit;
import org.samclip.data.scenes.SceneWriter;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.HttpSettings;
import org.samclip.data.source.LeftOut;
import org.samclip.data.source.Manifest;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.SampleSourceProvider;
import org.samclip.data.source.SampleSources;
import org.samclip.data.source.ShardStore;
import org.samclip.data.source.SourceOptions;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.DataSpec.MixSpec;
import org.samclip.train.recipe.DataSpec.ScenesSpec;
import org.samclip.train.recipe.DataSpec.SourceSpec;
import org.samclip.train.recipe.EvaluationSpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A recipe's data as files: the embedded scenes are written first, then read like any other. */
public final class DataFiles {

  /** The scenes' data: format and folder of each. */
  private static final Map<String, List<String>> SCENES =
      Map.of(
          DataSpec.IMAGES,
          List.of("webdataset", SceneWriter.CAPTIONED),
          DataSpec.MASKS,
          List.of("sa1b", SceneWriter.MASKED));

  private static final String DATA = "data.";
  private static final String SOURCES = "data.sources.";

  /** So many that counting them is worth a word beforehand. */
  private static final int MANY_SHARDS = 100;

  private static final Logger LOG = LoggerFactory.getLogger(DataFiles.class);

  private final DataSpec spec;
  private final Path inventories;
  private final SampleBudget budget;
  private final ShardStore store;
  private final Map<String, Inventory> counted = new HashMap<>();

  /**
   * @param spec the recipe's data
   * @param quarantine where broken samples and bad annotations are listed; null: they are only
   *     counted
   * @param inventories folder that keeps what each source held when the run began; null: none is
   *     kept
   */
  public DataFiles(DataSpec spec, Path quarantine, Path inventories) {
    this.spec = spec;
    this.inventories = inventories;
    this.store = new ShardStore(null, (long) (spec.spoolGib() * (1L << 30)), HttpSettings.DEFAULT);
    this.budget =
        new SampleBudget(
            spec.maxBrokenShare(),
            spec.maxBadAnnotationShare(),
            SampleBudget.DEFAULT_MINIMUM,
            quarantine == null ? null : new Quarantine(quarantine));
  }

  /**
   * Looks whether the user's own data are there.
   *
   * @throws UserError if a path does not exist or holds no data
   */
  public void requirePresent() {
    spec.sources().keySet().forEach(name -> sources(name, false));
  }

  /**
   * Writes the embedded scenes where the recipe asks for them and they are not there yet.
   *
   * @param progress hears of every image
   */
  public void prepare(SceneProgress progress) {
    ScenesSpec s = spec.scenes();
    if (s == null) {
      return;
    }
    SceneOptions composition =
        SceneOptions.defaults()
            .withObjects(s.objects().get(0), s.objects().get(1))
            .withSides(s.side().get(0), s.side().get(1));
    SceneSetOptions options =
        new SceneSetOptions(
            s.seed(),
            s.size(),
            s.images(),
            s.masks(),
            s.nouns(),
            s.crops(),
            s.scenes(),
            composition);
    try {
      new SceneWriter(options).write(Path.of(s.dir()), progress);
    } catch (IOException e) {
      throw new UncheckedIOException("data.scenes: cannot write " + s.dir(), e);
    }
  }

  /**
   * @param data its name in the recipe
   * @param seed of the order
   * @param textRequired whether captions are needed
   * @param side images to train on, or held out
   * @param subset share of the images to train on that is read
   * @param start where to begin
   * @return its samples
   */
  public ReplayStream stream(
      String data, long seed, boolean textRequired, Side side, double subset, Position start) {
    Part part = new Part(side, side == Side.TRAIN ? subset : 1);
    int buffer = isScenes(data) ? 1024 : spec.sources().get(data).shuffleBuffer();
    int prefetch = decodedAhead(spec.workers());
    ReplaySettings settings = new ReplaySettings(buffer, seed, spec.workers(), prefetch);
    return new ReplayStream(mixture(data, textRequired, part), settings, budget, start);
  }

  /**
   * The number of images in one epoch; the listings of all shards are read for it, once.
   *
   * @param data its name in the recipe
   * @param side images to train on, or held out
   * @return their number
   */
  public long count(String data, Side side) {
    if (side == Side.HELD_OUT && holdOut(data) == 0) {
      return 0;
    }
    if (isScenes(data)) {
      // Known before they are written; which of them are held out is decided by their keys' hashes.
      ScenesSpec scenes = spec.scenes();
      int all = data.equals(DataSpec.MASKS) ? scenes.masks() : scenes.images();
      return Math.round(all * (side == Side.HELD_OUT ? scenes.holdOut() : 1 - scenes.holdOut()));
    }
    return mixture(data, false, new Part(side, 1)).usable();
  }

  private boolean isScenes(String data) {
    return !spec.sources().containsKey(data);
  }

  /**
   * A part of a source's images.
   *
   * @param side to train on, or held out
   * @param subset share of them
   */
  private record Part(Side side, double subset) {

    private static final Part TRAINING = new Part(Side.TRAIN, 1);

    /** In the name of the file that keeps what was counted; a plus sign is in no name of data. */
    String suffix() {
      return (side == Side.HELD_OUT ? "+held-out" : "") + (subset == 1 ? "" : "+" + subset);
    }
  }

  /**
   * @param evaluation what the recipe says of the sets
   * @param split test or validation
   * @return where they are: those the recipe names, or the embedded scenes' own
   */
  public EvaluationSpec.SetsSpec sets(EvaluationSpec evaluation, EvaluationSpec.Split split) {
    EvaluationSpec.SetsSpec own =
        split == EvaluationSpec.Split.TEST ? evaluation.data() : evaluation.validation();
    if (own != null) {
      return own;
    }
    if (spec.scenes() == null) {
      return EvaluationSpec.SetsSpec.NONE;
    }
    SceneSplit scenes =
        split == EvaluationSpec.Split.TEST ? SceneSplit.TEST : SceneSplit.VALIDATION;
    String root = spec.scenes().dir() + "/" + scenes.key() + "/";
    // Never the test's, which nothing that is chosen may depend on.
    String train =
        split == EvaluationSpec.Split.TEST
            ? spec.scenes().dir() + "/" + SceneSplit.VALIDATION.key() + "/classes"
            : null;
    return new EvaluationSpec.SetsSpec(
        root + "classes",
        train,
        root + "semantic",
        root + "instances/instances.json",
        root + "instances/images",
        root + "heldout.txt");
  }

  /**
   * @return broken and good samples so far
   */
  public SampleBudget budget() {
    return budget;
  }

  /**
   * @return SHA-256 of what the training data are, for provenance: of the scenes' manifest, or of
   *     the names and sizes of the shards
   */
  public String hash() {
    StringBuilder all = new StringBuilder();
    if (spec.scenes() != null) {
      String scenes = ContentHash.sha256(Path.of(spec.scenes().dir(), "manifest.json"));
      if (spec.sources().isEmpty()) {
        return scenes;
      }
      all.append(scenes);
    }
    for (String name : spec.sources().keySet()) {
      sources(name, false).values().forEach(s -> all.append(Manifest.of(s, false).hash()));
    }
    return ContentHash.sha256(all.toString());
  }

  /**
   * @param workers threads that decode
   * @return images of a stream that are decoded ahead: enough to keep the decoders busy, few enough
   *     for many megapixels
   */
  public static int decodedAhead(int workers) {
    return Math.max(8, 4 * workers);
  }

  /**
   * The sources of some data, with what they held when the run began: the images to train on.
   *
   * @param data its name in the recipe
   * @param textRequired whether captions are needed
   * @return what a stream is made of
   * @throws UserError if data are missing, empty, or not what they were when the run began
   */
  public Mixture mixture(String data, boolean textRequired) {
    return mixture(data, textRequired, Part.TRAINING);
  }

  private Mixture mixture(String data, boolean textRequired, Part part) {
    List<Mixture.Part> parts = new ArrayList<>();
    Map<String, SampleSource> sources = sources(data, textRequired);
    for (Map.Entry<String, SampleSource> entry : sources.entrySet()) {
      MixSpec mixed = mixed(data, entry.getKey());
      Selection selection = selection(data, mixed, part);
      Double weight = mixed == null ? null : mixed.weight();
      Inventory inventory = inventory(entry.getValue(), selection, part.suffix());
      parts.add(new Mixture.Part(entry.getKey(), entry.getValue(), selection, weight, inventory));
    }
    return new Mixture(key(data), parts);
  }

  /** Where the data stand in the recipe. */
  private String key(String data) {
    return (isScenes(data) ? DATA : SOURCES) + data;
  }

  /** Counted once, and kept for a resumed run. */
  private Inventory inventory(SampleSource source, Selection selection, String suffix) {
    String whole = source.name();
    String own = whole.substring((whole.startsWith(SOURCES) ? SOURCES : DATA).length());
    String name = "data-" + own + suffix;
    Inventory known = counted.get(name);
    if (known != null) {
      return known;
    }
    Path file = inventories == null ? null : inventories.resolve(name + ".tsv");
    Inventory inventory;
    if (file != null && Files.exists(file)) {
      inventory = Inventory.read(file, selection);
      inventory.requireSame(source, file);
    } else {
      if (source.shards().size() >= MANY_SHARDS) {
        LOG.info("{}: counting the samples of {} shards", source.name(), source.shards().size());
      }
      inventory = Inventory.of(source, selection, spec.workers());
      if (file != null) {
        inventory.write(file);
      }
    }
    LOG.info(
        "{}: {} samples selected from {} shards, {} of them without any",
        name,
        inventory.usable(),
        inventory.shards().size(),
        inventory.empty());
    for (LeftOut.Entry entry : inventory.leftOut()) {
      if (entry.rule().losesImages()) {
        LOG.warn("{}: left out {}", source.name(), entry);
      } else {
        LOG.info("{}: left out {}", source.name(), entry);
      }
    }
    if (inventory.duplicateKeys() > 0) {
      LOG.warn(
          "{}: {} keys occur in several shards; their samples share the side of the hold-out and"
              + " the crops",
          source.name(),
          inventory.duplicateKeys());
    }
    counted.put(name, inventory);
    return inventory;
  }

  /** The sources by label; of a single one the label is never seen. */
  private Map<String, SampleSource> sources(String data, boolean textRequired) {
    Map<String, SampleSource> sources = new LinkedHashMap<>();
    String name = key(data);
    if (isScenes(data)) {
      List<String> own = SCENES.get(data);
      String shards = spec.scenes().dir() + "/" + own.get(1);
      // By the folder, as the order of a source follows from its name.
      sources.put(data, source(DATA + own.get(1), own.get(0), shards, Map.of(), textRequired));
      return sources;
    }
    SourceSpec of = spec.sources().get(data);
    if (of.mix() == null) {
      sources.put(data, source(name, of.source(), of.shards(), of.options(), textRequired));
    } else {
      for (MixSpec part : of.mix()) {
        String own = name + "." + part.name();
        sources.put(
            part.name(), source(own, part.source(), part.shards(), part.options(), textRequired));
      }
    }
    return sources;
  }

  private SampleSource source(
      String name, String format, String shards, Map<String, String> settings, boolean captions) {
    SampleSourceProvider provider = SampleSources.provider(format);
    if (captions && !provider.hasText()) {
      throw new UserError(name + ".source: " + format + " has no captions, which are needed here");
    }
    return provider.open(
        new SourceOptions(
            name, List.of(shards), captions, spec.exifOrientation(), settings, limits(), store));
  }

  /** The entry of a mixture, or null where there is none. */
  private MixSpec mixed(String data, String label) {
    SourceSpec of = spec.sources().get(data);
    if (of == null || of.mix() == null) {
      return null;
    }
    return of.mix().stream().filter(m -> m.name().equals(label)).findFirst().orElseThrow();
  }

  private Selection selection(String data, MixSpec mixed, Part part) {
    double share = isScenes(data) ? 1 : spec.sources().get(data).subset();
    double own = mixed == null ? share : share * mixed.subset();
    return new Selection(own * part.subset(), holdOut(data), part.side());
  }

  private double holdOut(String data) {
    return isScenes(data) ? spec.scenes().holdOut() : spec.sources().get(data).holdOut();
  }

  private DataLimits limits() {
    return new DataLimits(spec.maxPixels(), DataLimits.DEFAULT.maxMemberBytes());
  }
}
