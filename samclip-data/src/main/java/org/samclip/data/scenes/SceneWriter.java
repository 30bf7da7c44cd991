package org.samclip.data.scenes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.data.prepare.AsideFolder;
import org.samclip.data.prepare.OrderedWork;

/**
 * Writes a set of scenes to a folder:
 *
 * <pre>
 * clip/clip-00000.tar                    WebDataset: key.jpg, key.txt
 * sam/sa_000000.tar                      SA-1B: sa_N.jpg, sa_N.json
 * train/classes, classes.txt, heldout.txt  as of the test, with the training's sprites: labelled
 *                                        neighbours for k-NN
 * validation/...                         as test, with other sprites and scenes
 * test/classes/LABEL/N.png               images of one object in class folders
 * test/classes.txt                       all labels
 * test/heldout.txt                      labels that training images never show
 * test/semantic/images, labels/N.png     scenes; 0 background, else line of classes.txt
 * test/semantic/classes.txt              "background", then the labels
 * test/instances/images/N.png            the same scenes
 * test/instances/instances.json          COCO instances with compressed run lengths
 * manifest.json                          options, counts, SHA-256 of every file
 * NOTICE                                 attribution of the sprites
 * </pre>
 *
 * <p>The folder appears complete or not at all.
 */
public final class SceneWriter {

  private static final String MANIFEST = "manifest.json";

  /** Folder of the images with captions, in the format {@code webdataset}. */
  public static final String CAPTIONED = "clip";

  /** Folder of the images with masks, in the format {@code sa1b}. */
  public static final String MASKED = "sam";

  private static final String FORMAT = "samclip-scenes";

  private final SceneSetOptions options;
  private final int threads;
  private final ObjectMapper mapper =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  /** Uses as many threads as the machine has processors. */
  public SceneWriter(SceneSetOptions options) {
    this(options, Runtime.getRuntime().availableProcessors());
  }

  /**
   * @param options what to write
   * @param threads at least 1; the files do not depend on it
   */
  public SceneWriter(SceneSetOptions options, int threads) {
    this.options = options;
    this.threads = threads;
  }

  /**
   * Writes the set, unless the same one is there already.
   *
   * @param out folder to make
   * @param progress hears of every image
   * @return whether anything was written; false where the folder held this very set
   * @throws UserError where the folder holds something else, or cannot be written
   * @throws InterruptedIOException where the thread is interrupted; nothing is left then
   */
  public boolean write(Path out, SceneProgress progress) throws InterruptedIOException {
    try {
      if (Files.exists(out) && holdsThisSet(out)) {
        return false;
      }
      writeAside(out, progress);
      return true;
    } catch (InterruptedIOException e) {
      throw e;
    } catch (ClosedByInterruptException e) {
      InterruptedIOException interrupted = new InterruptedIOException("stopped while writing");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException e) {
      throw new UserError(
          "cannot write scenes to " + out + ": " + e + "; check rights and free space", e);
    }
  }

  private void writeAside(Path out, SceneProgress progress) throws IOException {
    SceneGenerator generator =
        new SceneGenerator(options.seed(), options.size(), options.composition(), options.nouns());
    try (AsideFolder folder = new AsideFolder(out)) {
      try (OrderedWork work = new OrderedWork(threads)) {
        TrainingShards training = new TrainingShards(generator);
        training.writeClip(folder, work, options.clip(), progress);
        training.writeSam(folder, work, options.sam(), progress);
        new EvaluationSets(generator, SceneSplit.TRAIN)
            .writeCrops(folder, work, options.crops(), progress);
        for (SceneSplit split : List.of(SceneSplit.VALIDATION, SceneSplit.TEST)) {
          EvaluationSets evaluation = new EvaluationSets(generator, split);
          evaluation.writeCrops(folder, work, options.crops(), progress);
          evaluation.writeScenes(folder, work, options.scenes(), progress);
        }
      }
      folder.write("NOTICE", SpriteLibrary.notice().getBytes(StandardCharsets.UTF_8));
      try (OutputStream manifest = folder.open(MANIFEST)) {
        manifest.write(mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest(folder)));
      }
      folder.moveToPlace();
    }
  }

  private ObjectNode manifest(AsideFolder folder) throws JsonProcessingException {
    ObjectNode root = mapper.createObjectNode();
    root.put("format", FORMAT);
    root.put("generator_version", SceneGenerator.VERSION);
    root.set("options", optionsAsJson());
    ObjectNode counts = root.putObject("counts");
    counts.put("clip", options.clip());
    counts.put("sam", options.sam());
    counts.put(SceneSplit.TRAIN.key() + "_crops", options.crops());
    for (SceneSplit split : List.of(SceneSplit.VALIDATION, SceneSplit.TEST)) {
      counts.put(split.key() + "_crops", options.crops());
      counts.put(split.key() + "_scenes", options.scenes());
    }
    folder.list(root.putArray("files"));
    return root;
  }

  /** Written and read again, so that it compares with what a file holds. */
  private JsonNode optionsAsJson() throws JsonProcessingException {
    return mapper.readTree(mapper.writeValueAsString(options));
  }

  private boolean holdsThisSet(Path out) throws IOException {
    if (!Files.isDirectory(out)) {
      throw new UserError(out + " is a file; the scenes need a folder: choose another name");
    }
    Path file = out.resolve(MANIFEST);
    if (!Files.exists(file)) {
      try (Stream<Path> content = Files.list(out)) {
        if (content.findAny().isEmpty()) {
          return false;
        }
      }
      throw new UserError(
          out + " holds files but no " + MANIFEST + ": choose an empty or new folder");
    }
    JsonNode manifest = read(file);
    if (!FORMAT.equals(manifest.path("format").asText())) {
      throw new UserError(file + " is not of a set of scenes: choose a new folder");
    }
    int version = manifest.path("generator_version").asInt();
    if (version != SceneGenerator.VERSION) {
      throw different(out, "generator_version", version, SceneGenerator.VERSION);
    }
    JsonNode wanted = optionsAsJson();
    for (Iterator<String> names = wanted.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      JsonNode found = manifest.path("options").path(name);
      if (!wanted.get(name).equals(found)) {
        throw different(out, name, found, wanted.get(name));
      }
    }
    requireFiles(out, manifest);
    return true;
  }

  private JsonNode read(Path file) throws IOException {
    try {
      return mapper.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new UserError(
          file + " is not JSON: " + e.getOriginalMessage() + "; remove the folder, then run again",
          e);
    }
  }

  private static UserError different(Path out, String name, Object found, Object wanted) {
    return new UserError(
        out
            + " holds scenes with "
            + name
            + " "
            + found
            + ", asked for is "
            + wanted
            + ": choose another folder, or remove this one to make them anew");
  }

  private static void requireFiles(Path out, JsonNode manifest) throws IOException {
    for (JsonNode entry : manifest.path("files")) {
      Path file = out.resolve(entry.path("path").asText()).normalize();
      if (!file.startsWith(out.normalize())
          || !Files.isRegularFile(file)
          || Files.size(file) != entry.path("bytes").asLong()) {
        throw new UserError(
            out
                + ": "
                + entry.path("path").asText()
                + " is missing or has another size than "
                + MANIFEST
                + " says: remove the folder, then run again");
      }
    }
  }
}
