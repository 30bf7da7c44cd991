package org.samclip.eval.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.ColourVision;
import org.samclip.eval.Pictures;
import org.samclip.eval.metric.RatioScores;

class KnnProtocolTest {

  private static final int SIDE = 8;
  private static final List<String> CLASSES = List.of("a", "b", "c", "d", "e", "f");
  private static final int LABELS = CLASSES.size();

  private final KnnProtocol protocol = new KnnProtocol();

  /** Noisy images, of which those of a class have a colour in common. */
  private static List<ClassFolders.Item> images(int count, long seed) {
    Random random = new Random(seed);
    List<ClassFolders.Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int label = i % LABELS;
      int[] mean = {40 * label, 200 - 30 * label, 90 + 50 * (label % 3)};
      int[] shift = {random.nextInt(90), random.nextInt(90), random.nextInt(90)};
      byte[] rgb = new byte[3 * SIDE * SIDE];
      for (int p = 0; p < rgb.length; p++) {
        rgb[p] = (byte) Math.min(255, mean[p % 3] / 2 + shift[p % 3] + random.nextInt(20));
      }
      items.add(new ClassFolders.Item("image " + i, new RgbImage(SIDE, SIDE, rgb), label));
    }
    return items;
  }

  private static double[] colour(ClassFolders.Item item) {
    double[] sum = new double[3];
    byte[] rgb = item.image().rgb();
    for (int p = 0; p < rgb.length; p++) {
      sum[p % 3] += rgb[p] & 0xFF;
    }
    double length = Math.sqrt(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    return new double[] {sum[0] / length, sum[1] / length, sum[2] / length};
  }

  private static int answer(List<ClassFolders.Item> known, ClassFolders.Item asked) {
    double[] query = colour(asked);
    List<double[]> scored = new ArrayList<>();
    for (ClassFolders.Item item : known) {
      double[] one = colour(item);
      double cosine = one[0] * query[0] + one[1] * query[1] + one[2] * query[2];
      scored.add(new double[] {cosine, item.label()});
    }
    scored.sort((x, y) -> Double.compare(y[0], x[0]));
    double[] votes = new double[LABELS];
    scored
        .subList(0, Math.min(20, scored.size()))
        .forEach(one -> votes[(int) one[1]] += Math.exp(one[0] / .07));
    int best = 0;
    for (int c = 1; c < LABELS; c++) {
      best = votes[c] > votes[best] ? c : best;
    }
    return best;
  }

  private ProtocolResult run(EvaluationData data, KnnProtocol.Options options, ProtocolRun run) {
    return protocol.run(new ColourVision(SIDE), data, options, run);
  }

  private static EvaluationData data(List<ClassFolders.Item> known, List<ClassFolders.Item> asked) {
    return new EvaluationData()
        .optClasses(Pictures.set(CLASSES, asked))
        .optClassesTrain(Pictures.set(CLASSES, known));
  }

  @Test
  void theAnswersAreThoseOfABruteForceInFloat64() {
    for (int size : new int[] {90, 7}) {
      List<ClassFolders.Item> known = images(size, 1);
      List<ClassFolders.Item> asked = images(60, 2);
      ProtocolResult found = run(data(known, asked), protocol.defaults(), new ProtocolRun(0, 7, 0));
      RatioScores top1 = (RatioScores) found.metrics().get("knn_top1");
      double[] expected =
          asked.stream().mapToDouble(i -> answer(known, i) == i.label() ? 1 : 0).toArray();
      assertArrayEquals(expected, top1.numerators());
      assertTrue(top1.value() > .2 && top1.value() < 1, "some are right: " + top1.value());
      assertTrue(found.metrics().get("knn_top5").value() >= top1.value());
      assertEquals(size, found.counts().get("train_images"));
      assertEquals(Math.min(20, size), found.counts().get("neighbours"));
      assertEquals(60, found.counts().get("images"));
      assertEquals(SIDE, found.counts().get("side"));
    }
  }

  @Test
  void anyOutputForWholeImagesCanBeAsked() {
    EvaluationData data = data(images(12, 1), images(6, 2));
    ProtocolRun run = new ProtocolRun(0, 7, 0);
    KnnProtocol.Options blind = new KnnProtocol.Options("blind", "summary", 50, .07);
    // All votes are alike, and the first class wins.
    assertEquals(1. / LABELS, run(data, blind, run).metrics().get("knn_top1").value());
    assertEquals("summary", protocol.forTeacher(blind).output());
    for (String wrong : List.of("spatial", "sumary")) {
      KnnProtocol.Options options = new KnnProtocol.Options(wrong, "summary", 20, .07);
      String message = assertThrows(UserError.class, () -> run(data, options, run)).getMessage();
      assertTrue(
          message.contains("output: '" + wrong + "' found; allowed: blind, summary"), message);
    }
  }

  @Test
  void aClassThatTheKnownImagesDoNotShowIsRefused() {
    EvaluationData data =
        new EvaluationData()
            .optClasses(Pictures.set(CLASSES, images(6, 2)))
            .optClassesTrain(Pictures.set(List.of("a", "b", "c"), images(3, 1)));
    UserError error =
        assertThrows(
            UserError.class, () -> run(data, protocol.defaults(), new ProtocolRun(0, 7, 0)));
    assertTrue(error.getMessage().contains("'d'"), error.getMessage());
    EvaluationData none = new EvaluationData().optClasses(Pictures.set(CLASSES, images(6, 2)));
    assertTrue(
        assertThrows(
                UserError.class, () -> run(none, protocol.defaults(), new ProtocolRun(0, 7, 0)))
            .getMessage()
            .contains("classes_train"));
  }

  @Test
  void theMetricsAreThoseThatItNames() {
    ProtocolResult found =
        run(data(images(12, 1), images(6, 2)), protocol.defaults(), new ProtocolRun(4, 7, 5));
    assertEquals(
        protocol.metrics(protocol.defaults(), Optional.empty()).stream().map(Metric::id).toList(),
        List.copyOf(found.metrics().keySet()));
    assertEquals(5, found.counts().get("images"));
    assertEquals(Map.of(), found.classIou());
  }
}
