package org.samclip.train.loop;

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
import org.samclip.data.scenes.SceneOptions;
import org.samclip.data.scenes.SceneProgress;
import org.samclip.data.scenes.SceneSetOptions;
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

  /** D_CLIP. */
  public static final String CLIP = "clip";

  /** D_SAM. */
  public static final String SAM = "sam";

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
   * @param quarantine where broken samples are listed; null: they are only counted
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
            SampleBudget.DEFAULT_MINIMUM,
            quarantine == null ? null : new Quarantine(quarantine));
  }

  /**
   * Looks whether the user's own data are there.
   *
   * @throws UserError if a path does not exist or holds no data
   */
  public void requirePresent() {
    if (spec.clip() != null) {
      sources(CLIP, false);
    }
    if (spec.sam() != null) {
      sources(SAM, false);
    }
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
            s.seed(), s.size(), s.clip(), s.sam(), s.crops(), s.scenes(), composition);
    try {
      new SceneWriter(options).write(Path.of(s.dir()), progress);
    } catch (IOException e) {
      throw new UncheckedIOException("data.scenes: cannot write " + s.dir(), e);
    }
  }

  /**
   * @param seed of the order
   * @param textRequired whether captions are needed
   * @param start where to begin
   * @return images of D_CLIP
   */
  public ReplayStream clip(long seed, boolean textRequired, Position start) {
    return stream(CLIP, textRequired, seed, start);
  }

  /**
   * @param seed of the order
   * @param start where to begin
   * @return images with masks of D_SAM
   */
  public ReplayStream sam(long seed, Position start) {
    return stream(SAM, false, seed, start);
  }

  /**
   * @return number of D_CLIP images in one epoch; the listings of all shards are read for it, once
   */
  public long clipCount() {
    return spec.scenes() != null ? spec.scenes().clip() : mixture(CLIP, false).usable();
  }

  /**
   * @return number of D_SAM images in one epoch; the listings of all shards are read for it, once
   */
  public long samCount() {
    return spec.scenes() != null ? spec.scenes().sam() : mixture(SAM, false).usable();
  }

  /**
   * @param evaluation what the recipe says of held-out sets
   * @return where they are: those the recipe names, or the embedded scenes' own
   */
  public EvaluationSpec.SetsSpec sets(EvaluationSpec evaluation) {
    if (evaluation.data() != null) {
      return evaluation.data();
    }
    if (spec.scenes() == null) {
      return new EvaluationSpec.SetsSpec(null, null, null, null, null);
    }
    String root = spec.scenes().dir() + "/eval/";
    return new EvaluationSpec.SetsSpec(
        root + "classes",
        root + "semantic",
        root + "instances/instances.json",
        root + "instances/images",
        root + "classes-unseen-style");
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
    if (spec.scenes() != null) {
      return ContentHash.sha256(Path.of(spec.scenes().dir(), "manifest.json"));
    }
    StringBuilder all = new StringBuilder();
    for (String which : List.of(CLIP, SAM)) {
      if (of(which) != null) {
        sources(which, false).values().forEach(s -> all.append(Manifest.of(s, false).hash()));
      }
    }
    return ContentHash.sha256(all.toString());
  }

  private ReplayStream stream(String which, boolean textRequired, long seed, Position start) {
    int buffer = of(which) == null ? 1024 : of(which).shuffleBuffer();
    // Enough to keep the decoders busy, few enough for images of many megapixels.
    int prefetch = Math.max(8, 4 * spec.workers());
    ReplaySettings settings = new ReplaySettings(buffer, seed, spec.workers(), prefetch);
    return new ReplayStream(mixture(which, textRequired), settings, budget, start);
  }

  /**
   * The sources of one of the recipe's two streams, with what they held when the run began.
   *
   * @param which {@code clip} or {@code sam}
   * @param textRequired whether captions are needed
   * @return what a stream is made of
   * @throws UserError if data are missing, empty, or not what they were when the run began
   */
  public Mixture mixture(String which, boolean textRequired) {
    List<Mixture.Part> parts = new ArrayList<>();
    Map<String, SampleSource> sources = sources(which, textRequired);
    for (Map.Entry<String, SampleSource> entry : sources.entrySet()) {
      MixSpec mixed = mixed(which, entry.getKey());
      Selection selection = selection(of(which), mixed);
      Double weight = mixed == null ? null : mixed.weight();
      Inventory inventory = inventory(entry.getValue(), selection);
      parts.add(new Mixture.Part(entry.getKey(), entry.getValue(), selection, weight, inventory));
    }
    return new Mixture("data." + which, parts);
  }

  /** Counted once, and kept for a resumed run. */
  private Inventory inventory(SampleSource source, Selection selection) {
    Inventory known = counted.get(source.name());
    if (known != null) {
      return known;
    }
    Path file =
        inventories == null ? null : inventories.resolve(source.name().replace('.', '-') + ".tsv");
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
        source.name(),
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
    counted.put(source.name(), inventory);
    return inventory;
  }

  /** The sources by label; of a single one the label is never seen. */
  private Map<String, SampleSource> sources(String which, boolean textRequired) {
    Map<String, SampleSource> sources = new LinkedHashMap<>();
    SourceSpec of = of(which);
    String name = "data." + which;
    if (of == null) {
      String format = which.equals(CLIP) ? "webdataset" : "sa1b";
      String shards = spec.scenes().dir() + "/" + which;
      sources.put(which, source(name, format, shards, Map.of(), textRequired));
    } else if (of.mix() == null) {
      sources.put(which, source(name, of.source(), of.shards(), of.options(), textRequired));
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

  private SourceSpec of(String which) {
    return which.equals(CLIP) ? spec.clip() : spec.sam();
  }

  /** The entry of a mixture, or null where there is none. */
  private MixSpec mixed(String which, String label) {
    if (of(which) == null || of(which).mix() == null) {
      return null;
    }
    return of(which).mix().stream().filter(m -> m.name().equals(label)).findFirst().orElseThrow();
  }

  /** Scenes have held-out sets of their own, so that training may use all of the rest. */
  private static Selection selection(SourceSpec of, MixSpec mixed) {
    if (of == null) {
      return Selection.ALL;
    }
    double share = mixed == null ? of.subset() : of.subset() * mixed.subset();
    return new Selection(share, of.holdOut(), Selection.Side.TRAIN);
  }

  private DataLimits limits() {
    return new DataLimits(spec.maxPixels(), DataLimits.DEFAULT.maxMemberBytes());
  }
}
