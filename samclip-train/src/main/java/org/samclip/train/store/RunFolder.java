package org.samclip.train.store;

import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeWriter;

/**
 * Where a run leaves everything:
 *
 * <pre>
 * recipe.yaml            the resolved recipe
 * checkpoints/           states to resume from; "latest" names the newest
 * models/NAME.safetensors  the model after each stage and baseline
 * parameters-NAME.txt    which parameters learned at which rate
 * metrics.jsonl          losses of every step
 * timings.jsonl          its time, wait for data and memory
 * results.json           the table
 * scores/NAME.json.gz    what each row of the table scored on every image
 * panels/                pictures
 * curves/                losses and validation skills of each phase, drawn
 * data-NAME.tsv          what each source held when the run began
 * cache/                 outputs of frozen networks, until the run ends
 * quarantine.tsv         broken samples, if there were any
 * </pre>
 *
 * @param root the folder
 */
public record RunFolder(Path root) {

  /**
   * The folder of a new run, or of one to be resumed. Nothing is written yet: see {@link #begin}.
   *
   * @param root the folder
   * @param recipe of this run
   * @param resume whether an earlier run is to be continued
   * @return the folder
   * @throws UserError if there is a run already, or none to resume, or one of another recipe, or if
   *     nothing can be written there
   */
  public static RunFolder open(Path root, Recipe recipe, boolean resume) {
    RunFolder folder = new RunFolder(root);
    boolean exists = Files.exists(folder.recipe());
    if (resume) {
      if (!exists) {
        throw new UserError(root + ": holds no run to resume; leave out --resume to begin one");
      }
      folder.requireSame(recipe);
      requireWritable(root);
      return folder;
    }
    if (exists) {
      throw new UserError(
          root
              + ": holds a run already; continue it with --resume, or choose another folder with"
              + " --out");
    }
    requireWritable(root);
    return folder;
  }

  private static void requireWritable(Path root) {
    Path there = root.toAbsolutePath().normalize();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new UserError(
          root
              + ": a run cannot be written here, as "
              + there
              + (Files.isDirectory(there) ? " is not writable" : " is a file, not a folder")
              + "; choose another folder with --out");
    }
  }

  /**
   * Makes the folder, once everything that the recipe names has proved to be there: from now on the
   * run can be resumed.
   *
   * @param recipe of this run
   */
  public void begin(Recipe recipe) {
    if (!Files.exists(recipe())) {
      AtomicFile.writeString(recipe(), RecipeWriter.yaml(recipe));
    }
  }

  private void requireSame(Recipe recipe) {
    Recipe before = org.samclip.train.recipe.RecipeReader.read(recipe(), java.util.List.of());
    if (!before.hash().equals(recipe.hash())) {
      throw new UserError(
          root
              + ": the run was begun with another recipe (hash "
              + before.hash().substring(0, 12)
              + ", now "
              + recipe.hash().substring(0, 12)
              + "); resume with the same config and --set, or use "
              + recipe());
    }
  }

  /** The resolved recipe. */
  public Path recipe() {
    return root.resolve("recipe.yaml");
  }

  /** States to resume from. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /**
   * @param name of a stage's row in the table
   * @return the file of the model it ended with
   */
  public Path model(String name) {
    return root.resolve("models").resolve(name + ".safetensors");
  }

  /** Losses of every step. */
  public Path metrics() {
    return root.resolve("metrics.jsonl");
  }

  /** Time, wait for data and memory of every step: what the machine adds to the metrics. */
  public Path timings() {
    return root.resolve("timings.jsonl");
  }

  /** The table. */
  public Path results() {
    return root.resolve("results.json");
  }

  /** What each row of the table scored on every image. */
  public Path scores() {
    return root.resolve("scores");
  }

  /** Pictures. */
  public Path panels() {
    return root.resolve("panels");
  }

  /** Losses and validation skills, drawn. */
  public Path curves() {
    return root.resolve("curves");
  }

  /** Outputs of frozen networks, until the run ends. */
  public Path cache() {
    return root.resolve("cache");
  }

  /** Broken samples. */
  public Path quarantine() {
    return root.resolve("quarantine.tsv");
  }

  /**
   * @param name of a stage's row in the table
   * @return the table of its parameters
   */
  public Path parameters(String name) {
    return root.resolve("parameters-" + name + ".txt");
  }
}
