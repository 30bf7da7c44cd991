package org.samclip.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.data.scenes.Nouns;
import org.samclip.data.scenes.SceneOptions;
import org.samclip.data.scenes.SceneSetOptions;
import org.samclip.data.scenes.SceneWriter;
import org.samclip.train.report.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data scenes}: the embedded default data as files. */
@Command(
    name = "scenes",
    description = {
      "Writes the embedded scenes: shards to train on, and sets for validation and test.",
      "The same options give the same files. A folder that holds them already is left alone."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class DataScenesCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to make.")
  private Path out;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of the scenes.")
  private long seed = SceneSetOptions.defaults().seed();

  @Option(names = "--size", paramLabel = "PIXELS", description = "Side of the images.")
  private int size = SceneSetOptions.defaults().size();

  @Option(names = "--clip", paramLabel = "N", description = "Images with captions, for training.")
  private int clip = SceneSetOptions.defaults().clip();

  @Option(names = "--sam", paramLabel = "N", description = "Images with masks, for training.")
  private int sam = SceneSetOptions.defaults().sam();

  @Option(
      names = "--nouns",
      paramLabel = "WHICH",
      description =
          "Classes of the training images: ${COMPLETION-CANDIDATES}. Sixteen are held out from"
              + " distilled.")
  private Nouns nouns = SceneSetOptions.defaults().nouns();

  @Option(
      names = "--crops",
      paramLabel = "N",
      description = "Images of one object for validation, and as many for the test.")
  private int crops = SceneSetOptions.defaults().crops();

  @Option(
      names = "--scenes",
      paramLabel = "N",
      description = "Scenes for validation, and as many for the test.")
  private int scenes = SceneSetOptions.defaults().scenes();

  @Override
  public Integer call() throws IOException {
    SceneSetOptions options =
        new SceneSetOptions(seed, size, clip, sam, nouns, crops, scenes, SceneOptions.defaults());
    boolean written;
    try (ProgressBar bar = ProgressBar.console()) {
      written = new SceneWriter(options).write(out, new BarProgress(bar)::done);
    }
    spec.commandLine().getOut().println(out + (written ? ": written" : ": was there already"));
    return Samclip.DONE;
  }
}
