package org.samclip.train.teacher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.Provenance;
import org.samclip.data.scenes.Nouns;
import org.samclip.data.scenes.SceneGenerator;
import org.samclip.data.scenes.SceneOptions;
import org.samclip.data.scenes.SceneSplit;
import org.samclip.data.scenes.SpriteLibrary;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.VitModel;
import org.samclip.train.feed.ImageView;
import org.samclip.vit.VitEncoder;

/**
 * The embedded ViT: what its file says, and that its features find the nouns of drawings it never
 * saw better than pixels and a ViT without training do. Neighbours are objects in the artwork of
 * the training, queries are in that of the validation.
 */
@Timeout(120)
class TinyDinoTest {

  private static final String RESOURCE = "tiny-dino.safetensors";
  private static final long MOST_BYTES = 3 << 20;
  private static final int SIDE = 64;
  private static final int K = 20;
  private static final double TEMPERATURE = .07;
  private static final int CLASSES = SpriteLibrary.embedded().classes().size();
  private static final int BANK = 10 * CLASSES;
  private static final int QUERIES = 5 * CLASSES;

  @TempDir Path folder;

  private NDManager manager;
  private VitModel model;
  private long bytes;

  @BeforeEach
  void read() throws IOException {
    manager = LibTorch.newManager(Device.cpu());
    Path copy = folder.resolve(RESOURCE);
    try (InputStream in = Teachers.class.getResourceAsStream(RESOURCE)) {
      bytes = Files.copy(in, copy);
    }
    model = ModelFile.read(VitModel.class, copy, manager);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void theFileIsSmallAndSaysWhereItComesFrom() {
    assertTrue(bytes <= MOST_BYTES, bytes + " bytes");
    assertEquals(SIDE, model.sizes().side());
    assertEquals(List.of(.485, .456, .406), model.sizes().mean());
    Provenance provenance = model.provenance().orElseThrow();
    assertEquals(VitModel.KIND, provenance.kind());
    assertEquals(64, provenance.recipeHash().length());
    assertEquals(64, provenance.dataHash().length());
    String terms = provenance.licences().get("scenes");
    for (String licence : List.of("Apache-2.0", "MIT", "CC-BY-4.0")) {
      assertTrue(terms.contains(licence), terms);
    }
  }

  @Test
  void neighboursAreNearerInMeaningThanPixelsAre() {
    List<RgbImage> bank = crops(SceneSplit.TRAIN, BANK);
    List<RgbImage> queries = crops(SceneSplit.VALIDATION, QUERIES);
    VitEncoder untrained = new VitEncoder(model.sizes().encoder());
    untrained.initialize(manager, 1);
    double trained = topOne(bank, queries, images -> summaries(model.encoder(), images));
    double random = topOne(bank, queries, images -> summaries(untrained, images));
    double pixels = topOne(bank, queries, TinyDinoTest::pixels);
    String all = "trained %.3f, random %.3f, pixels %.3f".formatted(trained, random, pixels);
    assertTrue(trained > random + .08, all);
    assertTrue(trained > pixels + .05, all);
  }

  private static List<RgbImage> crops(SceneSplit split, int count) {
    SceneGenerator generator = new SceneGenerator(21, 96, SceneOptions.defaults(), Nouns.DISTILLED);
    return IntStream.range(0, count)
        .mapToObj(i -> generator.crop(split, i, i % CLASSES).image())
        .map(image -> Resampling.BICUBIC.resize(image, SIDE, SIDE))
        .toList();
  }

  private float[][] summaries(VitEncoder encoder, List<RgbImage> images) {
    List<float[]> rows = new ArrayList<>();
    try (Autograd off = Autograd.disabled();
        NDScope scope = new NDScope();
        NDManager local = manager.newSubManager()) {
      scope.suppressNotUsedWarning();
      ImageView view = new ImageView(SIDE, Normalisation.SAM, images);
      for (int from = 0; from < images.size(); from += 50) {
        NDArray summary = encoder.forward(view.toArray(local, from, from + 50));
        int width = (int) summary.getShape().get(1);
        float[] values = summary.toFloatArray();
        for (int at = 0; at < values.length; at += width) {
          rows.add(Arrays.copyOfRange(values, at, at + width));
        }
      }
    }
    return rows.toArray(float[][]::new);
  }

  /** 16 x 16 pixels, the best of several sides. */
  private static float[][] pixels(List<RgbImage> images) {
    return images.stream()
        .map(image -> Normalisation.SAM.apply(Resampling.BICUBIC.resize(image, 16, 16)))
        .toArray(float[][]::new);
  }

  /** The nearest by cosine vote with exp(cosine / temperature), as in DINO's evaluation. */
  private static double topOne(
      List<RgbImage> bank, List<RgbImage> queries, Function<List<RgbImage>, float[][]> features) {
    float[][] known = features.apply(bank);
    float[][] asked = features.apply(queries);
    int right = 0;
    for (int query = 0; query < asked.length; query++) {
      double[] cosines = new double[known.length];
      for (int i = 0; i < known.length; i++) {
        cosines[i] = cosine(known[i], asked[query]);
      }
      double[] votes = new double[CLASSES];
      IntStream.range(0, known.length)
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -cosines[i]))
          .limit(K)
          .forEach(i -> votes[i % CLASSES] += Math.exp(cosines[i] / TEMPERATURE));
      int best = 0;
      for (int one = 1; one < CLASSES; one++) {
        best = votes[one] > votes[best] ? one : best;
      }
      right += best == query % CLASSES ? 1 : 0;
    }
    return (double) right / asked.length;
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      ofA += a[i] * a[i];
      ofB += b[i] * b[i];
    }
    return dot / Math.sqrt(ofA * ofB);
  }
}
