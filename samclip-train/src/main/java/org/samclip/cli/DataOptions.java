package org.samclip.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.SampleSources;
import org.samclip.data.source.SourceOptions;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.RecipeReader;
import picocli.CommandLine.Option;

/** Which data a command works on: those of a recipe, or shards. */
final class DataOptions {

  @Option(
      names = "--recipe",
      paramLabel = "FILE",
      description = "Take the data of a recipe, as a run of it would train on them.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Change a value of the recipe: --set data.sources.NAME.subset=0.1.")
  private List<String> overrides = List.of();

  @Option(
      names = "--data",
      paramLabel = "NAME",
      description = "Which of the recipe's data; the first unless told otherwise.")
  private String which;

  @Option(
      names = "--shards",
      paramLabel = "PATTERN",
      description = "Or take these: tar files, folders or patterns such as cc3m-{0000..0331}.tar.")
  private List<String> shards = List.of();

  @Option(
      names = "--source",
      paramLabel = "FORMAT",
      description =
          "Format of the shards: webdataset unless told otherwise, sa1b, coco, label-maps,"
              + " image-folder, parquet or one of your own.")
  private String format;

  @Option(
      names = "--option",
      paramLabel = "KEY=VALUE",
      description = "With --shards: a setting of the format.")
  private Map<String, String> settings = Map.of();

  @Option(
      names = "--subset",
      paramLabel = "SHARE",
      description = "With --shards: the share of the samples that is used, by hash of the key.")
  private Double subset;

  @Option(
      names = "--hold-out",
      paramLabel = "SHARE",
      description = "With --shards: the share of these that is kept from training.")
  private Double holdOut;

  @Option(
      names = "--side",
      paramLabel = "SIDE",
      description = "With --shards: which of both sides, ${COMPLETION-CANDIDATES}.")
  private Selection.Side side;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Threads that list, read and decode; as many as processors by default.")
  private int workers = Runtime.getRuntime().availableProcessors();

  int workers() {
    if (workers < 1 || workers > 1024) {
      throw new UserError("--workers " + workers + ": allowed: 1..1024");
    }
    return workers;
  }

  /** The data, counted. */
  Mixture mixture() {
    if ((recipe == null) == shards.isEmpty()) {
      throw new UserError("give either --recipe FILE or --shards PATTERN, to say which data");
    }
    return recipe == null ? ofShards() : ofRecipe();
  }

  private Mixture ofShards() {
    SourceOptions options =
        new SourceOptions(String.join(",", shards), shards, DataLimits.DEFAULT)
            .withSettings(settings);
    SampleSource source =
        SampleSources.provider(format == null ? "webdataset" : format).open(options);
    Selection selection =
        new Selection(
            subset == null ? 1 : subset,
            holdOut == null ? 0 : holdOut,
            side == null ? Selection.Side.TRAIN : side);
    Inventory inventory = Inventory.of(source, selection, workers());
    return new Mixture(
        source.name(), List.of(new Mixture.Part("shards", source, selection, null, inventory)));
  }

  private Mixture ofRecipe() {
    boolean ofShards = format != null || !settings.isEmpty();
    if (ofShards || subset != null || holdOut != null || side != null) {
      throw new UserError(
          "--source, --option, --subset, --hold-out and --side go with --shards; a recipe has its own:"
              + " --set data.sources.NAME.subset=0.1");
    }
    DataSpec data = RecipeReader.read(recipe, overrides).data();
    if (which != null && !data.names().contains(which)) {
      throw new UserError(
          "--data "
              + which
              + ": allowed: "
              + String.join(", ", data.names())
              + "."
              + NearestName.hint(which, data.names()));
    }
    String name = which == null ? data.names().iterator().next() : which;
    return new DataFiles(data, null, null).mixture(name, false);
  }
}
