package org.samclip.train.loop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
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
import org.samclip.data.source.Manifest;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.SampleSourceProvider;
import org.samclip.data.source.SampleSources;
import org.samclip.data.source.ShardStore;
import org.samclip.data.source.SourceOptions;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.DataSpec.ScenesSpec;
import org.samclip.train.recipe.DataSpec.SourceSpec;
import org.samclip.train.recipe.EvaluationSpec;

/** A recipe's data as files: the embedded scenes are written first, then read like any other. */
public final class DataFiles {

  /** Samples decoded ahead by each source. */
  private static final int PREFETCH = 64;

  private final DataSpec spec;
  private final SampleBudget budget;
  private final ShardStore store;
  private Long clipCount;
  private Long samCount;

  /**
   * @param spec the recipe's data
   * @param quarantine where broken samples are listed
   */
  public DataFiles(DataSpec spec, Path quarantine) {
    this.spec = spec;
    this.store = new ShardStore(null, (long) (spec.spoolGib() * (1L << 30)), HttpSettings.DEFAULT);
    this.budget =
        new SampleBudget(
            spec.maxBrokenShare(), SampleBudget.DEFAULT_MINIMUM, new Quarantine(quarantine));
  }

  /**
   * Looks whether the user's own data are there.
   *
   * @throws UserError if a path does not exist or holds no data
   */
  public void requirePresent() {
    if (spec.clip() != null) {
      clipSource(false);
    }
    if (spec.sam() != null) {
      samSource();
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
    return stream(clipSource(textRequired), spec.clip(), seed, start);
  }

  /**
   * @param seed of the order
   * @param start where to begin
   * @return images with masks of D_SAM
   */
  public ReplayStream sam(long seed, Position start) {
    return stream(samSource(), spec.sam(), seed, start);
  }

  private SampleSource clipSource(boolean textRequired) {
    return source("clip", "webdataset", spec.clip(), textRequired);
  }

  private SampleSource samSource() {
    return source("sam", "sa1b", spec.sam(), false);
  }

  /**
   * @return number of D_CLIP images in one epoch; the listings of all shards are read for it, once
   */
  public long clipCount() {
    if (clipCount == null) {
      clipCount =
          spec.scenes() != null
              ? spec.scenes().clip()
              : ReplayStream.count(clipSource(false), selection(spec.clip()));
    }
    return clipCount;
  }

  /**
   * @return number of D_SAM images in one epoch; the listings of all shards are read for it, once
   */
  public long samCount() {
    if (samCount == null) {
      samCount =
          spec.scenes() != null
              ? spec.scenes().sam()
              : ReplayStream.count(samSource(), selection(spec.sam()));
    }
    return samCount;
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
    StringBuilder both = new StringBuilder();
    if (spec.clip() != null) {
      both.append(Manifest.of(clipSource(false), false).hash());
    }
    if (spec.sam() != null) {
      both.append(Manifest.of(samSource(), false).hash());
    }
    return ContentHash.sha256(both.toString());
  }

  private ReplayStream stream(SampleSource source, SourceSpec of, long seed, Position start) {
    int buffer = of == null ? 1024 : of.shuffleBuffer();
    ReplaySettings settings =
        new ReplaySettings(selection(of), buffer, seed, spec.workers(), PREFETCH);
    return new ReplayStream(source, settings, budget, start);
  }

  /** Scenes have held-out sets of their own, so that training may use all of the rest. */
  private static Selection selection(SourceSpec of) {
    return of == null
        ? Selection.ALL
        : new Selection(of.subset(), of.holdOut(), Selection.Side.TRAIN);
  }

  /** The user's source, or the scenes' own folder. */
  private SampleSource source(String key, String sceneFormat, SourceSpec of, boolean textRequired) {
    SampleSourceProvider provider = SampleSources.provider(of == null ? sceneFormat : of.source());
    String name = "data." + key;
    if (textRequired && !provider.hasText()) {
      throw new UserError(
          name + ".source: " + provider.format() + " has no captions, which are needed here");
    }
    return provider.open(
        new SourceOptions(
            name,
            List.of(of == null ? spec.scenes().dir() + "/" + key : of.shards()),
            textRequired,
            spec.exifOrientation(),
            of == null ? Map.of() : of.options(),
            limits(),
            store));
  }

  private DataLimits limits() {
    return new DataLimits(spec.maxPixels(), DataLimits.DEFAULT.maxMemberBytes());
  }
}
